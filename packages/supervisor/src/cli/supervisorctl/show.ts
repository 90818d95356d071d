import type { ProcessInfo } from '@imgsvc/core/control'
import { EXIT } from '../exit-codes.ts'
import { resolveNames } from './names.ts'
import { defineVerb } from './verb.ts'

const NAME_COLUMN = 30
const ABSENT: ReadonlySet<ProcessInfo['state']> = new Set(['STOPPED', 'EXITED', 'FATAL', 'BACKOFF'])

/** `status`: supervisorctl's table, in which BACKOFF counts as not running. */
export const status = defineVerb({
  name: 'status',
  usage: '<name>..., <group>:* or all; default all',
  describe: 'Show state, pid and uptime, one process a line',
  examples: [['$0 supervisorctl status worker:*', 'every worker']],
  run: async ({ words, client, cli }) => {
    const processes = await client.call('process.list', {})
    const named = resolveNames(words.length === 0 ? ['all'] : words, processes)
    const chosen: ProcessInfo[] = []
    let code: number = EXIT.ok
    for (const one of named) {
      if (one.kind === 'unknown') {
        cli.out.line(`${one.name}: ERROR (${one.word})`)
        code = EXIT.notReachable
      } else chosen.push(...(one.kind === 'process' ? [one.process] : one.processes))
    }
    const now = Date.now()
    for (const line of statusLines(chosen, now)) cli.out.line(line)
    return chosen.some(({ state }) => ABSENT.has(state)) ? EXIT.notRunning : code
  },
})

/** Lines of supervisorctl's table; `now` is epoch ms (`supervisorctl.py`, _show_statuses; `rpcinterface.py`, _interpretProcessInfo). */
export function statusLines(processes: readonly ProcessInfo[], now: number): readonly string[] {
  const width = Math.max(NAME_COLUMN, ...processes.map(({ id }) => id.length)) + 3
  return processes.map(
    (process) => `${process.id.padEnd(width)}${process.state.padEnd(10)}${description(process, now)}`,
  )
}

function description({ state, pid, since, reason, lastExit }: ProcessInfo, now: number): string {
  if (state === 'RUNNING') return `pid ${pid}, uptime ${uptime(now - (since ?? now))}`
  if (state === 'FATAL' || state === 'BACKOFF') return reason ?? ''
  if (state === 'STOPPED' || state === 'EXITED') return lastExit === null ? 'Not started' : moment(lastExit.at)
  return ''
}

/** `0:01:02`, `1 day, 0:00:00`: as Python prints a duration. */
function uptime(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(total / 86_400)
  const clock = `${Math.floor((total % 86_400) / 3600)}:${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`
  return days === 0 ? clock : `${days} ${days === 1 ? 'day' : 'days'}, ${clock}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `Nov 20 10:50 PM`, in local time. */
function moment(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = date.getHours()
  const clock = `${two(hours % 12 || 12)}:${two(date.getMinutes())} ${hours < 12 ? 'AM' : 'PM'}`
  return `${MONTHS[date.getMonth()]} ${two(date.getDate())} ${clock}`
}

/** `pid`: of the supervisor, of named processes or of all; 0 for one that is not running, then exit code 7. */
export const pid = defineVerb({
  name: 'pid',
  usage: '<name>..., supervisor or all; default supervisor',
  describe: 'Print process ids, one a line; 0 is not running',
  examples: [
    ['$0 pid', 'of the supervisor'],
    ['$0 pid worker:2', 'of one worker'],
  ],
  run: async ({ words, client, cli }) => {
    if (words.length === 0) {
      cli.out.line(String((await client.call('supervisor.info', {})).pid))
      return EXIT.ok
    }
    const processes = await client.call('process.list', {})
    const isNamed = !words.includes('all')
    let code: number = EXIT.ok
    const print = (pids: readonly (number | null)[]) => {
      for (const one of pids) cli.out.line(String(one ?? 0))
      // As supervisorctl: who asks for all does not ask whether all run.
      if (isNamed && pids.includes(null)) code = EXIT.notStarted
    }
    for (const word of isNamed ? words : ['all']) {
      const [named] = resolveNames([word], processes)
      if (word === 'supervisor') print([(await client.call('supervisor.info', {})).pid])
      else if (named?.kind === 'process') print([named.process.pid])
      else if (named?.kind === 'group') print(named.processes.map((process) => process.pid))
      else {
        cli.out.line(`No such process ${word}`)
        code = EXIT.generic
      }
    }
    return code
  },
})

/** Order in which groups start; they stop the other way round. */
const GROUP_PRIORITY: Readonly<Record<string, number>> = { worker: 100, balancer: 200 }
const PROCESS_PRIORITY = 999

/** `avail`: every process is in use and starts by itself; the numbers say in which order. */
export const avail = defineVerb({
  name: 'avail',
  describe: 'Show all configured processes and their priorities',
  most: 0,
  examples: [['$0 avail', '']],
  run: async ({ client, cli }) => {
    for (const { id } of await client.call('process.list', {})) {
      const priority = GROUP_PRIORITY[id.split(':', 1)[0] as string]
      cli.out.line(`${id.padEnd(32)} ${'in use'.padEnd(9)} ${'auto'.padEnd(9)} ${priority}:${PROCESS_PRIORITY}`)
    }
    return EXIT.ok
  },
})
