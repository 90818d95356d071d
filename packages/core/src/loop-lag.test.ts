import { expect, test } from 'vitest'
import { createLoopLag } from './loop-lag.ts'

test('a blocked loop shows in the next reading and is forgotten after it', () => {
  const lag = createLoopLag()
  lag.read()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  const blocked = lag.read()
  lag.close()
  expect(blocked).toBeGreaterThan(150)
  expect(lag.read()).toBe(0)
})
