import type { LoadedConfig } from '../../supervisor-options.ts'
import { defineCommand, defineGroup } from '../command.ts'
import { configSource } from '../config-source.ts'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { chooseStateDir } from '../state-dir.ts'
import { withConfigFile, withSettings } from './config-flags.ts'
import { withJson, withStateDir } from './selection.ts'

const BUILT_IN = 'the built-in configuration'

const check = defineCommand({
  command: 'check [file]',
  describe: 'Check a configuration file; every mistake with file:line:column',
  build: (yargs) =>
    withSettings(withConfigFile(withStateDir(yargs)))
      .positional('file', { type: 'string', describe: 'The file [default: the one `up` would use]' })
      .example('$0 config check', '')
      .example('$0 config check ./imgsvc.yaml', ''),
  run: async (args, cli) => {
    const { file, load } = await configSource(
      { ...args, config: args.file ?? args.config },
      chooseStateDir(args.stateDir, cli),
      cli,
    )
    printWarnings(load(), cli)
    cli.out.line(`${file ?? BUILT_IN}: ok`)
    return EXIT.ok
  },
})

const show = defineCommand({
  command: 'show',
  describe: 'Print every setting with its value and where it comes from; secrets masked',
  build: (yargs) =>
    withJson(withSettings(withConfigFile(withStateDir(yargs))))
      .example('$0 config show', '')
      .example('$0 config show --workers 4 --json', 'what `up --workers 4` would use'),
  run: async (args, cli) => {
    const [{ maskSecrets }, { walkValues }, { formatSetting }] = await Promise.all([
      import('@imgsvc/core/config/secrets'),
      import('@imgsvc/core/config/values'),
      import('@imgsvc/core/config/format'),
    ])
    const { load } = await configSource(args, chooseStateDir(args.stateDir, cli), cli)
    const loaded = load()
    printWarnings(loaded, cli)
    const config = maskSecrets(loaded.config)
    if (args.json) cli.out.json({ config, origins: loaded.origins })
    else {
      const rows = walkValues(config).map(({ path, value, kind }) => [
        path,
        formatSetting(value, kind),
        loaded.origins[path] ?? 'default',
      ])
      cli.out.table(['SETTING', 'VALUE', 'FROM'], rows)
    }
    return EXIT.ok
  },
})

const schema = defineCommand({
  command: 'schema',
  describe: 'Print the JSON Schema of imgsvc.yaml, for editors',
  build: (yargs) => yargs.example('$0 config schema > imgsvc.schema.json', ''),
  run: async (_args, { out }) => {
    const { configJsonSchema } = await import('@imgsvc/core/config/json-schema')
    out.json(configJsonSchema())
    return EXIT.ok
  },
})

function printWarnings({ warnings = [] }: LoadedConfig, { out }: Cli): void {
  for (const warning of warnings) out.error(`imgsvc: ${warning}`)
}

/** `imgsvc config check`, `show` and `schema`. */
export const config = defineGroup('config', 'Check, show or describe the configuration', [check, show, schema])
