import { expect, test } from 'vitest'
import { ImgsvcError } from './errors.ts'
import { parseUpstreamList } from './upstream-list.ts'

const entry = { id: 'worker:0', host: '127.0.0.1', port: 8000, state: 'up', generation: 1 }

test('a correct list passes unchanged', () => {
  expect(parseUpstreamList({ version: 1, upstreams: [entry] })).toEqual({ version: 1, upstreams: [entry] })
})

test('a wrong one is refused and the place is named', () => {
  for (const wrong of [{ id: 'worker' }, { port: 0 }, { state: 'gone' }, { host: '' }]) {
    expect(() => parseUpstreamList({ version: 1, upstreams: [{ ...entry, ...wrong }] })).toThrow(ImgsvcError)
  }
  expect(() => parseUpstreamList({ version: 1, upstreams: [{ ...entry, port: 70_000 }] })).toThrow(
    /upstreams\[0\]\.port/,
  )
})
