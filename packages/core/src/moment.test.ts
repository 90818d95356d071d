import { expect, test } from 'vitest'
import { createMoment } from './moment.ts'

test('a moment stays as long ago as it is when the clock is set, and does not wander with small corrections', () => {
  const time = { wall: 5_000_000, steady: 700 }
  const clock = { now: () => time.wall, monotonic: () => time.steady }
  const now = createMoment(clock)
  const earlier = createMoment(clock, 4_000_000)
  expect([now(), earlier()]).toEqual([5_000_000, 4_000_000])

  time.wall += 10_400
  time.steady += 10_000
  expect([now(), earlier()]).toEqual([5_000_000, 4_000_000])

  for (const jump of [3_600_000, -7_200_000]) {
    time.wall += jump
    expect(time.wall - now()).toBe(10_000)
    expect(time.wall - earlier()).toBe(1_010_000)
  }
})
