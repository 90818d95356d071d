import { expect, test } from 'vitest'
import { plainLine } from './log-plain.ts'

const line = (fields: object) =>
  `${JSON.stringify({ level: 'info', time: new Date(2026, 10, 21, 3, 4, 5, 678).toISOString(), id: 'worker:0', pid: 7, ...fields })}\n`

test("is laid out as supervisord's log, in local time", () => {
  expect(plainLine(line({ msg: 'ready' }))).toBe('2026-11-21 03:04:05,678 INFO ready\n')
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
  expect(levels.map((level) => plainLine(line({ level, msg: 'x' })).split(' ')[2])).toEqual([
    'TRAC',
    'DEBG',
    'INFO',
    'WARN',
    'ERRO',
    'CRIT',
  ])
})

test('fields follow the message, and no value can end a line or pass for another field', () => {
  const text = plainLine(
    line({ msg: 'two\nlines', path: '/a b', status: 200, err: { code: 'X', stack: 'a\nb' }, ok: 'y=1' }),
  )
  expect(text).toBe(
    '2026-11-21 03:04:05,678 INFO two lines path="/a b" status=200 err={"code":"X","stack":"a\\nb"} ok="y=1"\n',
  )
})

test('what is not such a line stays as it is', () => {
  for (const text of ['plain text\n', '{"level":"odd","time":"x"}\n', '[1]\n', 'null\n', '7\n']) {
    expect(plainLine(text)).toBe(text)
  }
})
