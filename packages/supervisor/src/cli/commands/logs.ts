import { type ControlParams, type LogLine, MAX_TAIL_LINES } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { LOG_LEVELS } from '@imgsvc/core/log-level'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { type ControlClient, createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { once, type Typed, wholeNumber } from './numbers.ts'
import { withJson, withSelection, withStateDir } from './selection.ts'
import { moment } from './since.ts'

const DEFAULT_LINES = 10

/** `imgsvc logs`: the newest lines of the log files, rotated and compressed ones included, and those that come. */
export const logs = defineCommand({
  command: 'logs [select..]',
  describe: 'Show or follow the logs, across rotated files',
  build: (yargs) =>
    withJson(withStateDir(withSelection(yargs, false)))
      .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on with new lines until Ctrl-C' })
      .option('lines', {
        alias: 'n',
        type: 'string',
        requiresArg: true,
        describe: `Newest lines of each process to begin with [default: ${DEFAULT_LINES}; all with --since or --request-id]`,
        coerce: (typed: Typed) => (typed === undefined ? undefined : wholeNumber('lines', 0, MAX_TAIL_LINES)(typed)),
      })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Only lines from then on: 10m, today, 14:30, 2026-11-21T03:00',
        coerce: moment('since', Date.now),
      })
      .option('level', {
        type: 'string',
        requiresArg: true,
        choices: LOG_LEVELS,
        describe: 'Only lines of this level and above',
      })
      .option('request-id', {
        type: 'string',
        requiresArg: true,
        describe: 'Only lines about this request, as in X-Request-Id',
        coerce: (typed: Typed) => once('request-id', typed),
      })
      .option('reopen', {
        type: 'boolean',
        default: false,
        describe: 'Let every process open its log anew, after another program has moved the files',
      })
      .example('$0 logs -f', 'follow everything')
      .example('$0 logs balancer -n 100', 'the last 100 requests')
      .example('$0 logs --since 10m --level warn', 'what went wrong in the last ten minutes'),
  run: async (args, cli) => {
    const paths = chosenPaths(args.stateDir, cli)
    const client = createControlClient(paths.supervisorSocket)
    if (args.reopen) return reopen(client, cli, args.json)
    const { since, level, requestId, follow } = args
    const isNamed = since !== undefined || requestId !== undefined
    const lines = args.lines ?? (isNamed ? undefined : DEFAULT_LINES)
    const select = args.select.length > 0 ? args.select : undefined
    const params = { select, lines, follow, since, level, requestId }
    const text = args.json ? (entry: LogLine) => JSON.stringify(entry) : ({ id, line }: LogLine) => `${id}  ${line}`
    try {
      for await (const entry of await linesOf(client, paths, params, cli)) cli.out.line(text(entry))
    } catch (error) {
      // The reader left, as after `| head`: that is how following ends.
      if (!cli.out.closed.aborted) throw error
    }
    return EXIT.ok
  },
})

/** From the supervisor; from the files themselves when it is of no help, which is when logs are needed most. */
async function linesOf(client: ControlClient, paths: StatePaths, params: ControlParams<'log.tail'>, { out }: Cli) {
  try {
    return await client.call('log.tail', params, out.closed)
  } catch (error) {
    if (!(error instanceof ImgsvcError) || error.code !== 'NOT_RUNNING') throw error
    const [{ offlineLogs }, { supervisorState }] = await Promise.all([
      import('../offline-logs.ts'),
      import('../supervisor-state.ts'),
    ])
    const found = await offlineLogs(paths, params, out.closed)
    if (found === undefined) throw error
    out.error(`${supervisorState(paths)}; these lines come from the files in ${found.dir}`)
    return found.lines
  }
}

/** For those who rotate from outside: what SIGUSR2 to the supervisor does, with an answer. */
async function reopen(client: ControlClient, { out }: Cli, asJson: boolean): Promise<number> {
  const result = await client.call('log.reopen', {})
  if (asJson) out.json(result)
  else out.line(`${result.reopened} processes have opened their logs anew`)
  return EXIT.ok
}
