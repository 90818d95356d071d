import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withJson } from './selection.ts'

/** `imgsvc version`: versions of imgsvc and of what it runs on. */
export const version = defineCommand({
  command: 'version',
  describe: 'Print the version of imgsvc and of Node',
  build: (yargs) => withJson(yargs).example('$0 version', '').example('$0 version --json', 'for scripts'),
  run: async (args, { out, version: imgsvc }) => {
    const { node } = process.versions
    if (args.json) out.json({ imgsvc, node, platform: process.platform, arch: process.arch })
    else out.line(`imgsvc ${imgsvc} (Node ${node}, ${process.platform} ${process.arch})`)
    return EXIT.ok
  },
})
