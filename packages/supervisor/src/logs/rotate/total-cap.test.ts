import { expect, test } from 'vitest'
import { overCap, rotationSize } from './total-cap.ts'

const file = (name: string, bytes: number, modified: number) => ({ name, bytes, modified })
const files = [
  file('worker-0.log', 400, 1),
  file('worker-0.log.1', 100, 8),
  file('worker-0.log.2', 100, 4),
  file('worker-1.log.1', 100, 6),
  file('worker-7.log', 100, 2),
]
const live = new Set(['worker-0.log', 'worker-1.log'])

test('the oldest go until there is a tenth to spare; those being written stay', () => {
  expect(overCap(files, live, 1000)).toEqual([])
  expect(overCap(files, live, 800)).toEqual(['worker-7.log'])
  expect(overCap(files, live, 700)).toEqual(['worker-7.log', 'worker-0.log.2'])
  expect(overCap(files, live, 1)).toEqual(['worker-7.log', 'worker-0.log.2', 'worker-1.log.1', 'worker-0.log.1'])
  expect(overCap(files, live, 0)).toEqual([])
})

test('logs are rotated early enough for the cap', () => {
  expect(rotationSize(1000, 0, 10)).toBe(1000)
  expect(rotationSize(1000, 8000, 10)).toBe(200)
  expect(rotationSize(1000, 1_000_000, 10)).toBe(1000)
  expect(rotationSize(0, 8000, 10)).toBe(200)
  expect(rotationSize(0, 0, 10)).toBe(0)
})
