import { plainLine } from '@imgsvc/core/log-plain'
import { expect, test } from 'vitest'
import { lineLevel, lineMatcher, lineTime } from './line.ts'

const at = (iso: string, level = 'info', fields: object = {}) =>
  JSON.stringify({ level, time: iso, id: 'worker:0', pid: 1, ...fields, msg: 'request' })
const plain = (line: string) => plainLine(line).trimEnd()
const time = (iso: string) => Date.parse(iso)

test('time and level are read from both layouts', () => {
  const line = at('2026-11-21T03:04:05.678Z', 'error')
  for (const text of [line, plain(line)]) {
    expect(lineTime(text)).toBe(time('2026-11-21T03:04:05.678Z'))
    expect(lineLevel(text)).toBe('error')
  }
  for (const text of ['', 'Error: at "time":"2026"', '2026-11-21 is a day', '{"time":"never"}']) {
    expect(lineTime(text), text).toBeUndefined()
    expect(lineLevel(text), text).toBeUndefined()
  }
})

test('lines from a moment on; what has no time belongs to the line before', () => {
  const matches = lineMatcher({ since: time('2026-11-21T03:00:00.000Z') })
  const lines = ['first', at('2026-11-21T02:59:59.999Z'), ' at x.js', at('2026-11-21T03:00:00.000Z'), ' at y.js']
  expect(lines.map(matches)).toEqual([false, false, false, true, true])
})

test('lines of a level and above', () => {
  const lines = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => at('2026-11-21T03:00:00Z', level))
  for (const all of [lines, lines.map(plain)]) {
    expect(all.map(lineMatcher({ level: 'warn' }))).toEqual([false, false, false, true, true, true])
    expect(all.map(lineMatcher({ level: 'trace' }))).toEqual(Array(6).fill(true))
  }
})

test('lines about one request, and no other whose id begins alike', () => {
  for (const id of ['abc', 'a "b" c', 'ü']) {
    const lines = [id, `${id}d`, `x${id}`].map((requestId) => at('2026-11-21T03:00:00Z', 'info', { requestId }))
    for (const all of [lines, lines.map(plain)]) {
      expect(all.map(lineMatcher({ requestId: id })), all.join('\n')).toEqual([true, false, false])
    }
  }
})
