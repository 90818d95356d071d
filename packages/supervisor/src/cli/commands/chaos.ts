import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import type { Cli } from '../context.ts'
import { withJson } from './selection.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** As shells have it for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130

/** `imgsvc chaos`: breaks a throw-away instance under load, row by row, and says what came of it. */
export const chaos = defineCommand({
  command: 'chaos',
  describe: 'Break a throw-away instance under load and hold what comes of it against a bar',
  build: (yargs) =>
    withJson(yargs)
      .option('rows', { type: 'string', requiresArg: true, describe: 'Only these rows, such as 1,4' })
      .option('quick', { type: 'boolean', default: false, describe: 'Short rows and windows: some 10 s a row' })
      .option('rate', {
        type: 'string',
        requiresArg: true,
        describe: 'Requests per second [default: 200, with --quick 100]',
      })
      .option('report', { type: 'string', requiresArg: true, describe: 'File for the report as JSON' })
      .option('list', { type: 'boolean', default: false, describe: 'Show the rows and their bars, break nothing' })
      .example('$0 chaos --quick --rows 1', 'what a killed worker costs on this machine')
      .example('$0 chaos --list', 'what can be played')
      .epilogue(
        'Starts an instance of its own with its own ports and directories; one that runs already is left alone. ' +
          'Exit code: 0 when every row passed, 1 when one failed, 2 for bad arguments.',
      ),
  run: async ({ rows, quick, rate, json, report, list }, cli) => {
    const { runChaos } = await import('../../chaos/command.ts')
    const args = [
      ...valued('rows', rows),
      ...valued('rate', rate),
      ...valued('report', report === undefined ? undefined : resolve(cli.cwd, report)),
      ...Object.entries({ quick, json, list }).flatMap(([name, isSet]) => (isSet ? [`--${name}`] : [])),
    ]
    const { env, version, out } = cli
    return interruptible(cli, (signal) =>
      runChaos({ args, env, version, signal, print: out.line, tell: (line) => out.error(line) }),
    )
  },
})

// With "=": a value that begins with a dash is still the value.
function valued(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}=${value}`]
}

/** Ctrl-C, and a reader who leaves, end the work in order: it leaves nothing running. */
async function interruptible({ out }: Cli, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const over = new AbortController()
  const end = () => over.abort(new Error('ended early; everything started was stopped'))
  for (const name of SIGNALS) process.on(name, end)
  out.closed.addEventListener('abort', end)
  try {
    return await work(over.signal)
  } catch (error) {
    if (!over.signal.aborted) throw error
    out.error(`chaos: ${(over.signal.reason as Error).message}`)
    return EXIT_INTERRUPTED
  } finally {
    for (const name of SIGNALS) process.off(name, end)
    out.closed.removeEventListener('abort', end)
  }
}
