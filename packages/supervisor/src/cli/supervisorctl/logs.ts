import { type LogTailParams, MAX_TAIL_LINES } from '@imgsvc/core/control'
import type { Argv } from 'yargs'
import type { ControlClient } from '../client.ts'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { resolveNames } from './names.ts'
import { defineVerb, type Words } from './verb.ts'

/** supervisorctl's own: `tail` shows this many bytes, and `tail -f` begins with them. */
const DEFAULT_BYTES = 1600

interface Followable extends Words {
  readonly follow: boolean
}

const withFollow = (yargs: Argv<Words>): Argv<Followable> =>
  yargs.option('follow', {
    alias: 'f',
    type: 'boolean',
    default: false,
    describe: 'Go on with what comes until Ctrl-C',
  })

interface TailWords {
  readonly bytes: number
  readonly names: readonly string[]
}

/** Takes `-100` out of the words; undefined when one of them begins with a dash and is no number. */
function bytesAndNames(words: readonly string[]): TailWords | { readonly bad: string } {
  const [first = ''] = words
  if (!first.startsWith('-')) return { bytes: DEFAULT_BYTES, names: words }
  if (!/^-\d{1,9}$/.test(first)) return { bad: first }
  return { bytes: Number(first.slice(1)), names: words.slice(1) }
}

/** `tail [-f] [-N] <name> [stdout|stderr]`: the last N bytes of a log, whole lines of it. */
export const tail = defineVerb<Followable>({
  name: 'tail',
  usage: '[-f] [-bytes] <name> [stdout|stderr]; default 1600 bytes of stdout',
  describe: 'Show the end of the log of one process, or follow it',
  least: 1,
  most: 3,
  flags: withFollow,
  examples: [
    ['$0 tail worker:2', 'the last 1600 bytes'],
    ['$0 tail -4000 worker:2 stderr', 'the last 4000 bytes of what it wrote to stderr'],
    ['$0 tail -f worker:2', 'and all that comes'],
  ],
  run: async ({ words, args, client, cli }) => {
    const parsed = bytesAndNames(words)
    if ('bad' in parsed) return refuse(cli, `bad argument ${parsed.bad}`)
    const { bytes, names } = parsed
    const [name, channel = 'stdout', ...rest] = names
    if (name === undefined) return refuse(cli, 'tail requires process name')
    if (rest.length > 0) return refuse(cli, 'too many arguments')
    if (channel !== 'stdout' && channel !== 'stderr') return refuse(cli, `bad channel '${channel}'`)
    const [named] = resolveNames([name], await client.call('process.list', {}))
    if (named?.kind !== 'process') {
      cli.out.line(`${name}: ERROR (no such process name)`)
      return EXIT.generic
    }
    const stream = channel === 'stderr' ? 'stderr' : 'log'
    return print({ select: [named.process.id], stream, follow: args.follow }, bytes, client, cli)
  },
})

/** `maintail [-f] [-N]`: the same of the supervisor's own log. */
export const maintail = defineVerb<Followable>({
  name: 'maintail',
  usage: '[-f] [-bytes]; default 1600 bytes',
  describe: "Show the end of the supervisor's own log, or follow it",
  most: 1,
  flags: withFollow,
  examples: [['$0 maintail -f', '']],
  run: async ({ words, args, client, cli }) => {
    const parsed = bytesAndNames(words)
    if ('bad' in parsed || parsed.names.length > 0) return refuse(cli, `bad argument ${words[0]}`)
    return print({ select: ['supervisor'], follow: args.follow }, parsed.bytes, client, cli)
  },
})

function refuse({ out }: Cli, sentence: string): number {
  out.line(`Error: ${sentence}`)
  return EXIT.badArguments
}

async function print(params: LogTailParams, bytes: number, client: ControlClient, cli: Cli): Promise<number> {
  const { out } = cli
  // No line is shorter than its newline: so many lines hold at least so many bytes.
  const lines = Math.min(bytes, MAX_TAIL_LINES)
  const recent = client.call('log.tail', { ...params, follow: false, lines }, out.closed)
  try {
    const found = await newest(await recent, bytes)
    if (!params.follow) {
      for (const line of found) out.line(line)
      return EXIT.ok
    }
    out.error('==> Press Ctrl-C to exit <==')
    // Asked for again, so that no line is lost between these and those that come.
    const all = await client.call('log.tail', { ...params, lines: found.length }, out.closed)
    for await (const { line } of all) out.line(line)
    return EXIT.ok
  } catch (error) {
    // The reader left, as after `| head`: that is how following ends.
    if (out.closed.aborted) return EXIT.ok
    throw error
  }
}

/** The last lines that fit into `bytes` with their newlines. Bounded: older ones are let go while reading. */
export async function newest(
  lines: AsyncIterable<{ readonly line: string }>,
  bytes: number,
): Promise<readonly string[]> {
  const kept: { readonly line: string; readonly size: number }[] = []
  let total = 0
  for await (const { line } of lines) {
    const size = Buffer.byteLength(line) + 1
    kept.push({ line, size })
    total += size
    while (total > bytes) total -= kept.shift()?.size ?? 0
  }
  return kept.map(({ line }) => line)
}

/** `clear <name>...`: empties the logs; rotated files stay. */
export const clear = defineVerb({
  name: 'clear',
  usage: '<name>..., <group>:* or all',
  describe: 'Empty the logs of processes; rotated files stay',
  least: 1,
  examples: [['$0 clear worker:2', '']],
  run: async ({ words, client, cli: { out } }) => {
    let code: number = EXIT.ok
    for (const named of resolveNames(words, await client.call('process.list', {}))) {
      if (named.kind === 'unknown') {
        out.line(`${named.name}: ERROR (${named.word})`)
        code = EXIT.generic
        continue
      }
      const select = (named.kind === 'process' ? [named.process] : named.processes).map(({ id }) => id)
      for (const { id, ok, reason } of select.length === 0 ? [] : await client.call('log.clear', { select })) {
        out.line(`${id}: ${ok ? 'cleared' : 'ERROR (failed)'}`)
        if (ok) continue
        out.error(`${id}: ${reason}`)
        code = EXIT.generic
      }
    }
    return code
  },
})
