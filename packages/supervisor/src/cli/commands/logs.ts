import { type LogLine, MAX_TAIL_LINES } from '@imgsvc/core/control'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { wholeNumber } from './numbers.ts'
import { withJson, withSelection, withStateDir } from './selection.ts'

/** `imgsvc logs`: the newest lines of the log files, rotated ones included, and what is written from now on. */
export const logs = defineCommand({
  command: 'logs [select..]',
  describe: 'Show or follow the logs, across rotated files',
  build: (yargs) =>
    withJson(withStateDir(withSelection(yargs, false)))
      .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on with new lines until Ctrl-C' })
      .option('lines', {
        alias: 'n',
        type: 'string',
        default: '10',
        requiresArg: true,
        describe: 'Newest lines of each process to begin with',
        coerce: wholeNumber('lines', 0, MAX_TAIL_LINES),
      })
      .example('$0 logs -f', 'follow everything')
      .example('$0 logs balancer -n 100', 'the last 100 requests'),
  run: async (args, cli) => {
    const client = createControlClient(chosenPaths(args.stateDir, cli).supervisorSocket)
    const select = args.select.length > 0 ? { select: args.select } : {}
    const params = { ...select, lines: args.lines, follow: args.follow }
    const text = args.json ? (entry: LogLine) => JSON.stringify(entry) : ({ id, line }: LogLine) => `${id}  ${line}`
    try {
      for await (const entry of await client.call('log.tail', params, cli.out.closed)) cli.out.line(text(entry))
    } catch (error) {
      // The reader left, as after `| head`: that is how following ends.
      if (!cli.out.closed.aborted) throw error
    }
    return EXIT.ok
  },
})
