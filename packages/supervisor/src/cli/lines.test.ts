import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { argumentOrLines, linesOf } from './lines.ts'

/** Array.fromAsync, which Node 20 lacks. */
async function gather(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}

const bytes = (...chunks: readonly (string | number[])[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

test.each<[string, Readable, readonly string[]]>([
  ['lines', bytes('a\nb\n'), ['a', 'b']],
  ['a last line without an end', bytes('a\nb'), ['a', 'b']],
  ['empty lines', bytes('\na\n\n'), ['', 'a', '']],
  ['nothing', bytes(''), []],
  ['lines of Windows', bytes('a\r\nb\r\n'), ['a', 'b']],
  ['a carriage return inside', bytes('a\rb\n'), ['a\rb']],
  ['separators of Unicode', bytes('a\u2028b\u2029c\u0085d\n'), ['a\u2028b\u2029c\u0085d']],
  ['a line in pieces', bytes('a', 'b', 'c\nd', '\n'), ['abc', 'd']],
  ['a character in pieces', bytes([0xc3], [0xa9, 0x0a]), ['é']],
  ['an end in pieces', bytes('a\r', '\nb'), ['a', 'b']],
  ['what is not UTF-8', bytes([0x61, 0xff, 0x0a], [0xc3]), ['a\ufffd', '\ufffd']],
  ['a byte order mark', bytes('\ufeffa\n'), ['\ufeffa']],
])('%s', async (_, input, lines) => {
  expect(await gather(linesOf(input))).toEqual(lines)
})

test('an argument is itself, - is what stdin holds', async () => {
  expect(await gather(argumentOrLines('x', bytes('a\n')))).toEqual(['x'])
  expect(await gather(argumentOrLines('-', bytes('a\nb\n')))).toEqual(['a', 'b'])
})
