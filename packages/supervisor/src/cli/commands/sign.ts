import { signedUrl } from '@imgsvc/core/url/signer'
import type { Argv } from 'yargs'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { argumentOrLines } from '../lines.ts'
import { signingKey } from '../signing-key.ts'
import { chooseStateDir } from '../state-dir.ts'
import { withConfigFile } from './config-flags.ts'
import { withStateDir } from './selection.ts'

/** The flags that say which key signs. */
export function withKey<A>(yargs: Argv<A>) {
  return withConfigFile(withStateDir(yargs)).option('key', {
    type: 'string',
    requiresArg: true,
    describe: 'Signing key [default: security.key of the configuration, else the generated one]',
  })
}

/** `imgsvc sign`: the signed form of a path, as thumbor-url makes it. */
export const sign = defineCommand({
  command: 'sign <path>',
  describe: 'Print a path with its signature',
  build: (yargs) =>
    withKey(yargs)
      .positional('path', {
        type: 'string',
        demandOption: true,
        describe: 'Options and source; - reads lines from stdin',
      })
      .example('$0 sign 300x200/smart/flower.jpg', '')
      .example('$0 sign - < paths.txt', 'one signed path per line')
      .epilogue('A path that begins with - goes after --: imgsvc sign -- -300x200/flower.jpg'),
  run: async (args, cli) => {
    const key = await signingKey(args, chooseStateDir(args.stateDir, cli), cli)
    for await (const path of argumentOrLines(args.path, cli.stdin)) {
      if (cli.out.closed.aborted) break
      if (path === '') continue
      // The signature covers what follows the slash behind it.
      cli.out.line(signedUrl(path.replace(/^\//, ''), key))
      await cli.out.room()
    }
    return EXIT.ok
  },
})
