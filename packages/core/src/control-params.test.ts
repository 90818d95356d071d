import { expect, test } from 'vitest'
import { parseControlParams } from './control-params.ts'

test('good params pass through', () => {
  expect(parseControlParams('process.restart', { select: ['worker:1'] })).toEqual({ select: ['worker:1'] })
  expect(parseControlParams('log.tail', { follow: true, lines: 10 })).toEqual({ follow: true, lines: 10 })
  const named = { since: 1_795_000_000_000, level: 'warn', requestId: 'abc' } as const
  expect(parseControlParams('log.tail', named)).toEqual(named)
  expect(parseControlParams('supervisor.info', {})).toEqual({})
})

test.each([
  ['process.restart', {}, 'select'],
  ['process.restart', { select: [] }, 'select'],
  ['process.restart', { select: 'worker:1' }, 'select'],
  ['process.scale', { workers: 0 }, 'workers'],
  ['process.scale', { workers: 1.5 }, 'workers'],
  ['process.scale', { workers: 2, force: true }, 'force'],
  ['log.tail', { lines: -1 }, 'lines'],
  ['log.tail', { level: 'loud' }, 'level'],
  ['log.tail', { since: '10m' }, 'since'],
  ['log.tail', { requestId: '' }, 'requestId'],
  ['supervisor.info', null, 'expected object'],
] as const)('%s %j is refused naming %s', (method, params, named) => {
  expect(() => parseControlParams(method, params)).toThrow(
    expect.objectContaining({ code: 'CONTROL_PARAMS_INVALID', detail: expect.stringContaining(named) }),
  )
})
