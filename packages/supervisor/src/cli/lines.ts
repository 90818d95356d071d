import type { Readable } from 'node:stream'

/** The argument itself, or with `-` the lines of stdin. */
export async function* argumentOrLines(argument: string, stdin: Readable): AsyncGenerator<string> {
  if (argument === '-') yield* linesOf(stdin)
  else yield argument
}

/**
 * The lines of a stream without their ends (`\n` or `\r\n`), empty ones too, as they come. node:readline would also
 * split at U+2028 and at a lone carriage return, which paths may hold.
 */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  // `fatal: false`: what is not UTF-8 is for the command to refuse, not for the stream to end at.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let pieces: string[] = []
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk as Buffer, { stream: true })
    const [first = '', ...others] = text.split('\n')
    // Joined once, when the line is whole: a very long one comes in many chunks.
    pieces.push(first)
    for (const next of others) {
      yield withoutReturn(pieces.join(''))
      pieces = [next]
    }
  }
  const last = pieces.join('') + decoder.decode()
  if (last !== '') yield withoutReturn(last)
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line)
