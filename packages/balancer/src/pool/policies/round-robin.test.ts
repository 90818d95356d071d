import { expect, test } from 'vitest'
import { createUpstream, type Upstream } from '../upstream.ts'
import { createRoundRobin } from './round-robin.ts'

const upstream = (index: number, weight = 1): Upstream => ({
  ...createUpstream({ id: `worker:${index}`, host: 'h', port: 8000 + index, state: 'up', generation: 1 }),
  weight,
})
const first = (iterable: Iterable<Upstream>) => [...iterable][0] as Upstream
function picks(policy: ReturnType<typeof createRoundRobin>, list: readonly Upstream[], count: number): string {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    for (const chosen of policy(list, '')) {
      ids.push(chosen.id.slice(-1))
      break
    }
  }
  return ids.join('')
}

test('equal workers take turns', () => {
  expect(picks(createRoundRobin(), [upstream(0), upstream(1), upstream(2)], 7)).toBe('0120120')
})

test('weights are spread smoothly, as in nginx', () => {
  // The example of nginx's own commit message: {5, 1, 1} gives a a b a c a a.
  expect(picks(createRoundRobin(), [upstream(0, 5), upstream(1), upstream(2)], 14)).toBe('00102000010200')
})

test('the whole order has every worker once, so that a retry finds another', () => {
  const list = [upstream(0), upstream(1), upstream(2)]
  const order = [...createRoundRobin()(list, '')]
  expect(new Set(order).size).toBe(3)
  expect(order[0]).toBe(first(createRoundRobin()(list, '')))
})

test('only what is taken counts: the rest keeps its turn', () => {
  const policy = createRoundRobin()
  const list = [upstream(0), upstream(1)]
  expect(picks(policy, list, 1)).toBe('0')
  expect(picks(policy, list, 1)).toBe('1')
})

test('a worker that joins gets its share, not a burst', () => {
  const policy = createRoundRobin()
  const list = [upstream(0), upstream(1)]
  picks(policy, list, 100)
  const sequence = picks(policy, [...list, upstream(2)], 30)
  expect([...sequence].filter((id) => id === '2')).toHaveLength(10)
  expect(sequence).not.toContain('22')
})

test('nobody available is an empty order', () => {
  expect([...createRoundRobin()([], '')]).toEqual([])
})
