import { expect, test } from 'vitest'
import { createLineBuffer } from './line-buffer.ts'

const rest = ({ bytes, offset }: { bytes: Buffer; offset: number }) => bytes.subarray(offset).toString()

test('lines that wait are joined; a batch under way is not changed by new lines', () => {
  const buffer = createLineBuffer(100)
  buffer.push('a\n')
  buffer.push('b\n')
  const batch = buffer.batch()
  buffer.push('c\n')
  expect(batch && rest(batch)).toBe('a\nb\n')
  expect(buffer.batch()).toBe(batch)
  buffer.written()
  expect(rest(buffer.batch() as NonNullable<typeof batch>)).toBe('c\n')
  buffer.written()
  expect([buffer.batch(), buffer.isEmpty()]).toEqual([undefined, true])
})

test('a line that was cut begins again in the next file, whole ones before it do not', () => {
  const buffer = createLineBuffer(100)
  for (const line of ['one\n', 'two\n', 'three\n']) buffer.push(line)
  const batch = buffer.batch() as NonNullable<ReturnType<typeof buffer.batch>>
  for (const [written, left] of [
    [0, 'one\ntwo\nthree\n'],
    [2, 'one\ntwo\nthree\n'],
    [4, 'two\nthree\n'],
    [5, 'two\nthree\n'],
    [13, 'three\n'],
  ] as const) {
    batch.offset = written
    buffer.rewind()
    expect(rest(batch)).toBe(left)
  }
})

test('room is counted in bytes, until they are written', () => {
  const buffer = createLineBuffer(8)
  expect(buffer.push('üü\n')).toBe(true) // 5 bytes
  expect(buffer.push('abc\n')).toBe(false)
  buffer.batch()
  expect(buffer.push('abc\n')).toBe(false)
  buffer.written()
  expect(buffer.push('abc\n')).toBe(true)
  expect(buffer.dropped()).toBe(2)
})
