import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { chosenPaths } from '../state-dir.ts'
import { reportActions } from './act.ts'
import { wholeNumber } from './numbers.ts'
import { withJson, withStateDir } from './selection.ts'

/** `imgsvc scale N`: the number of workers from now on, until the next reload or start. */
export const scale = defineCommand({
  command: 'scale <workers>',
  describe: 'Change the number of workers',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .positional('workers', {
        type: 'string',
        demandOption: true,
        describe: 'Number of workers, 1 to 256',
        coerce: wholeNumber('workers', 1, 256),
      })
      .example('$0 scale 4', 'four workers; added ones are ready when this returns, removed ones have finished'),
  run: async (args, cli) => {
    const client = createControlClient(chosenPaths(args.stateDir, cli).supervisorSocket)
    return reportActions(await client.call('process.scale', { workers: args.workers }), args.json, cli)
  },
})
