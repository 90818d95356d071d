import { diffConfig } from '@imgsvc/core/config/diff'
import { configSchema } from '@imgsvc/core/config/schema'
import { expect, test } from 'vitest'
import { keepingWhole, reloadPlan } from './reload-plan.ts'

const parse = (input: object) => configSchema.parse(input)
const plan = (next: object, old: object = {}) => reloadPlan(diffConfig(parse(old), parse(next)))

test('live settings restart nothing', () => {
  expect(plan({ logs: { level: 'debug' }, workers: { queue: 7 } })).toEqual({ whole: [], restart: [], scale: [] })
})

test('numbers of processes are changed without restarts', () => {
  expect(plan({ workers: { count: 3 }, balancer: { count: 2 } })).toEqual({
    whole: [],
    restart: [],
    scale: ['worker', 'balancer'],
  })
})

test('a setting of one role restarts that role', () => {
  expect(plan({ workers: { renders: 3 } }).restart).toEqual(['worker'])
  expect(plan({ balancer: { maxSockets: 9 } }).restart).toEqual(['balancer'])
})

test('addresses wait for a restart of the whole and keep their old values until then', () => {
  const next = {
    listen: '0.0.0.0:1234',
    admin: { listen: '127.0.0.1:1235' },
    logs: { dir: '/x', level: 'warn' },
    workers: { basePort: 7000 },
  }
  expect(plan(next)).toEqual({
    whole: ['listen', 'workers.basePort', 'logs.dir', 'admin.listen'],
    restart: [],
    scale: [],
  })
  const [old, wanted] = [parse({}), parse(next)]
  const kept = keepingWhole(old, wanted)
  expect(diffConfig(old, kept).changed).toEqual(['logs.level'])
})
