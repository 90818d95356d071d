import { expect, test } from 'vitest'
import type { RawImage } from '../image.ts'
import { isOpaque } from './opaque.ts'

const picture = (channels: RawImage['channels'], fill: number): RawImage & { data: Uint8Array } => ({
  data: new Uint8Array(30 * 20 * channels).fill(fill),
  width: 30,
  height: 20,
  channels,
})

test('without an alpha channel everything is opaque, whatever the colours', async () => {
  expect(await isOpaque(picture(1, 0))).toBe(true)
  expect(await isOpaque(picture(3, 0))).toBe(true)
})

test.each([2, 4] as const)('one pixel of 254 anywhere in %i channels is seen, colours are not', async (channels) => {
  for (const at of [0, 299, 599]) {
    const image = picture(channels, 255)
    image.data[at * channels] = 0
    expect(await isOpaque(image)).toBe(true)
    image.data[at * channels + channels - 1] = 254
    expect(await isOpaque(image), `pixel ${at}`).toBe(false)
  }
})
