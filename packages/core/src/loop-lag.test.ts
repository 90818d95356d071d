import { expect, test } from 'vitest'
import { createLoopLag } from './loop-lag.ts'

test('a blocked loop shows in the next reading and is forgotten after it', () => {
  const lag = createLoopLag()
  lag.read()
  const end = performance.now() + 200
  while (performance.now() < end) continue
  const blocked = lag.read()
  lag.close()
  expect(blocked).toBeGreaterThan(150)
  expect(lag.read()).toBe(0)
})
