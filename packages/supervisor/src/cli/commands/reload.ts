import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { withJson, withStateDir } from './selection.ts'

/** `imgsvc reload`: reads the configuration again; a mistake in it changes nothing. */
export const reload = defineCommand({
  command: 'reload',
  describe: 'Apply the changed configuration; a mistake in it changes nothing',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would change' })
      .example('$0 reload', 'apply; processes restart one at a time where a setting needs it')
      .example('$0 reload --dry-run', 'check the file and list the changes'),
  run: async (args, cli) => {
    const client = createControlClient(chosenPaths(args.stateDir, cli).supervisorSocket)
    const result = await client.call('config.reload', { dryRun: args.dryRun })
    if (args.json) cli.out.json(result)
    else {
      const { changed, needRestart } = result
      const verb = args.dryRun ? 'would change' : 'changed'
      cli.out.line(changed.length === 0 ? 'nothing changed' : `${verb}: ${changed.join(', ')}`)
      if (needRestart.length > 0)
        cli.out.line(`takes effect after \`imgsvc down\` and \`up\`: ${needRestart.join(', ')}`)
    }
    return EXIT.ok
  },
})
