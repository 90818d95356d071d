import { ImgsvcError } from '@imgsvc/core/errors'
import { signedUrl, unsafeUrl } from '@imgsvc/core/url/signer'
import { parseThumborFields, thumborDialect } from '@imgsvc/core/url/thumbor'
import type { Argv } from 'yargs'
import { defineCommand, defineGroup } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { linesOf } from '../lines.ts'
import { signingKey } from '../signing-key.ts'
import { chooseStateDir } from '../state-dir.ts'
import { type UrlFlags, urlRequest } from '../url-request.ts'
import { withJson } from './selection.ts'
import { withKey } from './sign.ts'

const build = defineCommand({
  command: '$0 <source>',
  describe: 'Build the URL of a picture from flags; signed unless --unsafe',
  build: (yargs) =>
    withPictureFlags(withKey(yargs))
      .positional('source', { type: 'string', demandOption: true, describe: 'Path or address of the original' })
      .option('unsafe', { type: 'boolean', default: false, describe: 'Without a signature (/unsafe/…)' })
      .option('base', { type: 'string', requiresArg: true, describe: 'Put in front, such as https://img.example.com' })
      // Read here as well, so that a mistake is one of the command line.
      .check((args) => urlRequest(args as unknown as UrlFlags) !== undefined)
      .example('$0 url --width 300 --height 200 --smart flower.jpg', '')
      .example('$0 url --width 400 --filters "blur(4):quality(80)" coffee.png', '')
      .example('$0 url --fit-in --width 600 --height 600 --base http://127.0.0.1:8080 cats/1.jpg', ''),
  run: async (args, cli) => {
    const path = thumborDialect.format(urlRequest(args))
    const sign = async () => signedUrl(path, await signingKey(args, chooseStateDir(args.stateDir, cli), cli))
    const url = args.unsafe ? unsafeUrl(path) : await sign()
    cli.out.line(`${(args.base ?? '').replace(/\/+$/, '')}${url}`)
    return EXIT.ok
  },
})

function withPictureFlags<A>(yargs: Argv<A>) {
  return yargs
    .option('size', { type: 'string', requiresArg: true, describe: 'Both sides as in a URL: 300x200, 300x, -300xorig' })
    .option('width', { type: 'string', requiresArg: true, describe: 'px, or orig; negative mirrors' })
    .option('height', { type: 'string', requiresArg: true, describe: 'px, or orig; negative flips' })
    .option('fit-in', { type: 'boolean', describe: 'Fit into the box instead of cutting' })
    .option('adaptive', { type: 'boolean', describe: 'Fit in, with the sides exchanged if that is larger' })
    .option('full', { type: 'boolean', describe: 'Fit in, cover the box' })
    .option('smart', { type: 'boolean', describe: 'Cut around what matters' })
    .option('crop', { type: 'string', requiresArg: true, describe: 'Cut first: LEFTxTOP:RIGHTxBOTTOM' })
    .option('trim', { type: 'string', describe: 'Cut the border: top-left or bottom-right, :TOLERANCE' })
    .option('halign', { choices: ['left', 'center', 'right'] as const, describe: 'Where to cut' })
    .option('valign', { choices: ['top', 'middle', 'bottom'] as const, describe: 'Where to cut' })
    .option('flip-h', { type: 'boolean', describe: 'Mirror' })
    .option('flip-v', { type: 'boolean', describe: 'Turn upside down' })
    .option('filters', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Filters such as blur(4):quality(80); may be repeated',
    })
    .option('meta', { type: 'boolean', describe: 'Facts about the picture as JSON instead of the picture' })
    .option('debug', { type: 'boolean', describe: "thumbor's debug segment" })
}

const parse = defineCommand({
  command: 'parse <path>',
  describe: 'Print what a URL path asks for, as JSON',
  build: (yargs) =>
    withJson(yargs)
      .positional('path', { type: 'string', demandOption: true, describe: 'Path of the URL; - reads lines from stdin' })
      .example('$0 url parse /unsafe/300x200/smart/flower.jpg', '')
      .example('$0 url parse - < paths.txt', 'one JSON value per line; exit code 1 when one is no image URL'),
  run: async ({ path, json }, { out, stdin }) => {
    if (path !== '-') {
      const fields = parseThumborFields(path)
      if (json) out.line(JSON.stringify(fields))
      else out.json(fields)
      return EXIT.ok
    }
    let read = 0
    let refused = 0
    for await (const line of linesOf(stdin)) {
      if (out.closed.aborted) break
      const { value, isRefused } = fieldsOrRefusal(line)
      out.line(JSON.stringify(value))
      read++
      if (isRefused) refused++
      await out.room()
    }
    if (refused > 0) out.error(`imgsvc: ${refused} of ${read} lines are no image URLs`)
    return refused > 0 ? EXIT.generic : EXIT.ok
  },
})

/** One line of many must not end the others: null where no form fits, the status where the path is broken. */
function fieldsOrRefusal(path: string): { readonly value: unknown; readonly isRefused: boolean } {
  try {
    return { value: parseThumborFields(path), isRefused: false }
  } catch (error) {
    if (!(error instanceof ImgsvcError)) throw error
    return { value: error.code === 'URL_NOT_FOUND' ? null : { error: error.status }, isRefused: true }
  }
}

/** `imgsvc url` and `imgsvc url parse`. */
export const url = defineGroup('url', 'Build the URL of a picture, or take one apart', [parse, build])
