import { MAX_TAIL_LINES } from '@imgsvc/core/control'
import { EVENT_FILTERS } from '@imgsvc/core/events'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { eventLine } from '../event-line.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { type Typed, wholeNumber } from './numbers.ts'
import { withJson, withStateDir } from './selection.ts'

const DEFAULT_LINES = 20

/** `imgsvc events`: what has happened to the processes, and with `-f` what happens. */
export const events = defineCommand({
  command: 'events',
  describe: 'Show or follow what happens: states, crashes, reloads, rotations',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on with new events until Ctrl-C' })
      .option('lines', {
        alias: 'n',
        type: 'string',
        requiresArg: true,
        describe: `Newest events to begin with [default: ${DEFAULT_LINES}]`,
        coerce: (typed: Typed) => (typed === undefined ? undefined : wholeNumber('lines', 0, MAX_TAIL_LINES)(typed)),
      })
      .option('type', {
        alias: 't',
        type: 'string',
        array: true,
        requiresArg: true,
        choices: EVENT_FILTERS,
        describe: 'Only these kinds; may be repeated',
      })
      .example('$0 events -f', 'follow everything')
      .example('$0 events -f --json -t crash -t state:FATAL', 'for another program, one JSON object a line'),
  run: async ({ stateDir, follow, lines = DEFAULT_LINES, type, json }, cli) => {
    const { out } = cli
    const client = createControlClient(chosenPaths(stateDir, cli).supervisorSocket)
    try {
      const stream = await client.call('events', { follow, lines, types: type }, out.closed)
      for await (const event of stream) out.line(json ? JSON.stringify(event) : eventLine(event))
    } catch (error) {
      // The reader left, as after `| head`: that is how following ends.
      if (!out.closed.aborted) throw error
    }
    return EXIT.ok
  },
})
