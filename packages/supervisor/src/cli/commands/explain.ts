import type { ExplainParams } from '@imgsvc/core/child-control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Explanation } from '@imgsvc/core/explanation'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { type ConfigFlags, configSource } from '../config-source.ts'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { explainInChild } from '../explain-child.ts'
import { explainLines } from '../explain-lines.ts'
import { requestTarget } from '../request-target.ts'
import { withGeneratedKey } from '../signing-key.ts'
import { chooseStateDir, chosenPaths } from '../state-dir.ts'
import { withConfigFile, withSet } from './config-flags.ts'
import { withJson, withStateDir } from './selection.ts'

/** `imgsvc explain`: what would be done for one URL, and why; by a running worker, or by one for this question alone. */
export const explain = defineCommand({
  command: 'explain <url>',
  describe: 'Print what would be done for a URL, and why, without making the picture',
  build: (yargs) =>
    withJson(withSet(withConfigFile(withStateDir(yargs))))
      .positional('url', { type: 'string', demandOption: true, describe: 'The whole URL, or its path' })
      .option('accept', { type: 'string', requiresArg: true, describe: 'Accept header of the client' })
      .example('$0 explain http://127.0.0.1:8080/unsafe/300x200/smart/flower.jpg', '')
      .example('$0 explain --accept image/webp --set images.autoWebp=true /unsafe/300x200/flower.jpg', '')
      .epilogue('A running instance answers for itself; --config or --set, or no instance: these settings count.'),
  run: async (args, cli) => {
    const params: ExplainParams = { url: requestTarget(args.url), accept: args.accept }
    const plan = await explanationOf(params, args, cli)
    if (args.json) cli.out.json(plan)
    else for (const line of explainLines(plan)) cli.out.line(line)
    return plan.errors.length > 0 ? EXIT.generic : EXIT.ok
  },
})

type Flags = Pick<ConfigFlags, 'config' | 'set'> & { readonly stateDir?: string | undefined }

async function explanationOf(params: ExplainParams, flags: Flags, cli: Cli): Promise<Explanation> {
  // What such flags say is not what a running instance would do.
  if (flags.config !== undefined || flags.set !== undefined) return explainAlone(params, flags, cli)
  try {
    const client = createControlClient(chosenPaths(flags.stateDir, cli).supervisorSocket)
    return await client.call('picture.explain', params)
  } catch (error) {
    if (!(error instanceof ImgsvcError) || error.code !== 'NOT_RUNNING') throw error
    return explainAlone(params, flags, cli)
  }
}

async function explainAlone(params: ExplainParams, flags: Flags, cli: Cli): Promise<Explanation> {
  const stateDir = chooseStateDir(flags.stateDir, cli)
  const { load } = await configSource(flags, stateDir, cli)
  const config = withGeneratedKey(load().config, stateDir)
  const { explanation, warnings } = await explainInChild({ config, params, env: cli.env })
  for (const warning of warnings) cli.out.error(warning)
  return explanation
}
