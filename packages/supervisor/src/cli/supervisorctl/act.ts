import type { ActionResult, ProcessInfo } from '@imgsvc/core/control'
import { signalOf } from '@imgsvc/core/signal-name'
import type { ControlClient } from '../client.ts'
import { EXIT } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { type Named, resolveNames } from './names.ts'
import { defineVerb } from './verb.ts'

type Known = Exclude<Named, { kind: 'unknown' }>

/** One line of the answer and the exit code it asks for; `why` goes to stderr. */
interface Line {
  readonly text: string
  readonly code: number
  readonly why?: string | undefined
}

const ok = (id: string, word: string): Line => ({ text: `${id}: ${word}`, code: EXIT.ok })
const error = (id: string, word: string, code: number, why?: string): Line => ({
  text: `${id}: ERROR (${word})`,
  code,
  why: why === undefined ? undefined : `${id}: ${why}`,
})

const RUNS: ReadonlySet<ProcessInfo['state']> = new Set(['RUNNING', 'STARTING', 'BACKOFF'])
const runs = ({ state }: ProcessInfo) => RUNS.has(state)
const membersOf = (named: Known) => (named.kind === 'process' ? [named.process] : named.processes)

/** Prints what became of each name, in the order given, and ends with the largest exit code. */
async function answer(
  names: readonly string[],
  { client, out }: { readonly client: ControlClient; readonly out: Output },
  unknownGroup: number,
  act: (named: Known) => Promise<readonly Line[]>,
): Promise<number> {
  let code: number = EXIT.ok
  for (const named of resolveNames(names, await client.call('process.list', {}))) {
    const lines =
      named.kind === 'unknown'
        ? [error(named.name, named.word, named.isGroup ? unknownGroup : EXIT.generic)]
        : await act(named)
    for (const line of lines) {
      out.line(line.text)
      if (line.why !== undefined) out.error(line.why)
      code = Math.max(code, line.code)
    }
  }
  return code
}

/** supervisorctl calls an end before RUNNING a spawn error, and what it cannot tell an abnormal termination. */
function startLine({ id, ok: isUp, state, reason }: ActionResult): Line {
  if (isUp) return ok(id, 'started')
  const word = state === 'BACKOFF' || state === 'FATAL' ? 'spawn error' : 'abnormal termination'
  return error(id, word, EXIT.notStarted, reason)
}

function stopLine({ id, ok: isDown, reason }: ActionResult): Line {
  return isDown ? ok(id, 'stopped') : error(id, 'failed', EXIT.generic, reason)
}

const NAMES = '<name>..., <group>:* or all'

/** `start`: a process that runs is an error in words alone, exit code 0. */
export const start = defineVerb({
  name: 'start',
  usage: NAMES,
  describe: 'Start processes and wait until they are ready',
  least: 1,
  examples: [['$0 supervisorctl start worker:*', 'every worker that is not running']],
  run: ({ words, client, cli }) =>
    answer(words, { client, out: cli.out }, EXIT.badArguments, async (named) => {
      // One in BACKOFF is not "already started": starting it ends the pause.
      const idle = membersOf(named).filter(({ state }) => state !== 'RUNNING')
      if (named.kind === 'process' && idle.length === 0) return [error(named.process.id, 'already started', EXIT.ok)]
      return (await act(client, 'process.start', idle)).map(startLine)
    }),
})

/** `stop`: a process that does not run is an error in words alone, exit code 0. */
export const stop = defineVerb({
  name: 'stop',
  usage: NAMES,
  describe: 'Stop processes; they stay stopped until start',
  least: 1,
  examples: [['$0 supervisorctl stop worker:2', 'one worker']],
  run: ({ words, client, cli }) =>
    answer(words, { client, out: cli.out }, EXIT.generic, async (named) => {
      const members = membersOf(named)
      const running = new Set(members.filter(runs).map(({ id }) => id))
      // Those that do not run are asked too: one in FATAL must not be tried again by itself.
      const results = await act(client, 'process.stop', members)
      if (named.kind === 'process' && running.size === 0) return [error(named.process.id, 'not running', EXIT.ok)]
      return results.filter(({ id }) => running.has(id)).map(stopLine)
    }),
})

/** `restart`: rolling, unlike supervisorctl's, and printed the way that does. */
export const restart = defineVerb({
  name: 'restart',
  usage: NAMES,
  describe: 'Restart processes one at a time, without a lost request',
  least: 1,
  examples: [['$0 supervisorctl restart all', 'everything, rolling; the file is not read again']],
  run: ({ words, client, cli }) =>
    answer(words, { client, out: cli.out }, EXIT.badArguments, async (named) => {
      const members = membersOf(named)
      const pids = new Map(members.map(({ id, pid }) => [id, pid] as const))
      const ran = new Set(members.filter(runs).map(({ id }) => id))
      return (await act(client, 'process.restart', members)).flatMap((result) => {
        const { id, ok: isUp, pid, reason } = result
        const isUntouched = !isUp && pid !== null && pid === pids.get(id)
        if (isUntouched) return [error(id, 'not restarted', EXIT.generic, reason)]
        const before = ran.has(id) ? [ok(id, 'stopped')] : []
        const idle = named.kind === 'process' && !ran.has(id) ? [error(id, 'not running', EXIT.ok)] : []
        return [...before, ...idle, startLine(result)]
      })
    }),
})

/** `signal`: any signal of this system, by name or number. */
export const signal = defineVerb({
  name: 'signal',
  usage: `<signal> and ${NAMES}`,
  describe: 'Send a signal to processes',
  least: 2,
  needs: 'a signal name and a process name',
  examples: [['$0 signal USR1 worker:2', 'by name, with or without SIG, or by number']],
  run: ({ words: [name = '', ...names], client, cli }) =>
    answer(names, { client, out: cli.out }, EXIT.generic, async (named) => {
      const members = membersOf(named)
      if (signalOf(name) === undefined) return members.map(({ id }) => error(id, 'bad signal name', EXIT.generic))
      const chosen = named.kind === 'process' ? members : members.filter(({ pid }) => pid !== null)
      if (chosen.length === 0) return []
      const results = await client.call('process.signal', { select: chosen.map(({ id }) => id), signal: name })
      return results.map(({ id, ok: isSent }) =>
        isSent ? ok(id, 'signalled') : error(id, 'not running', EXIT.notStarted),
      )
    }),
})

async function act(
  client: ControlClient,
  method: 'process.start' | 'process.stop' | 'process.restart',
  processes: readonly ProcessInfo[],
): Promise<readonly ActionResult[]> {
  // No name would be no selection, which is refused.
  if (processes.length === 0) return []
  return client.call(method, { select: processes.map(({ id }) => id) })
}
