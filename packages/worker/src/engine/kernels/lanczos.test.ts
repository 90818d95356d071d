import { expect, test } from 'vitest'
import type { RawImage } from '../image.ts'
import { lanczosScaled } from './lanczos.ts'

const picture = (width: number, height: number, channels: RawImage['channels'], at: (i: number) => number) => ({
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => at(i)),
  width,
  height,
  channels,
})

test('an enlarged picture stays where it is', async () => {
  const ramp = picture(16, 16, 1, (i) => (i % 16) * 16)
  const { data } = await lanczosScaled(ramp, { width: 48, height: 48 })
  const row = data.subarray(20 * 48, 21 * 48)
  for (let x = 9; x < 39; x++) {
    // The middle of pixel x of the result lies at (x + 0.5) / 3 of the source.
    expect(Math.abs((row[x] as number) - ((x + 0.5) / 3 - 0.5) * 16)).toBeLessThanOrEqual(1)
  }
})

test.each([1, 2, 3, 4] as const)('one colour stays one in %i channels, and sizes are exact', async (channels) => {
  for (const [width, height] of [
    [1, 1],
    [1, 9],
    [7, 1],
    [40, 3],
    [5, 40],
  ] as const) {
    const made = await lanczosScaled(
      picture(5, 4, channels, () => 200),
      { width, height },
    )
    expect([made.width, made.height, made.data.length]).toEqual([width, height, width * height * channels])
    expect(new Set(made.data)).toEqual(new Set([200]))
  }
})

test('the same size changes nothing', async () => {
  const noise = picture(9, 7, 3, (i) => (i * 2654435761) >>> 24)
  expect([...(await lanczosScaled(noise, noise)).data]).toEqual([...noise.data])
})

test('colours that cannot be seen do not bleed into those that can', async () => {
  // Transparent green beside opaque red.
  const pair = { data: Uint8Array.of(0, 255, 0, 0, 255, 0, 0, 255), width: 2, height: 1, channels: 4 } as const
  const { data } = await lanczosScaled(pair, { width: 20, height: 1 })
  for (let i = 0; i < data.length; i += 4) expect(data[i + 1]).toBe(0)
})
