import sharp from 'sharp'
import { expect, test } from 'vitest'
import { IMAGES, pixelAt, ramp, sample } from '../../test/images/pictures.ts'
import { probe } from './decode.ts'
import { glance } from './glance.ts'

/** Looks at a file as the worker does. */
async function look(
  bytes: Buffer,
  {
    orientation = 1,
    maxWidth = 0,
    trimBox = undefined as Parameters<typeof glance>[0]['trimBox'],
    maxPixels = 1e6,
  } = {},
) {
  const source = await probe(bytes, { ...IMAGES, maxPixels: 1e9 })
  return glance({ bytes, source, arrival: { source, orientation, maxWidth, maxHeight: 0 }, trimBox, maxPixels })
}

test('a small picture is seen as it is', async () => {
  const { size, image } = await look(sample('astronaut.png'))
  expect(size).toEqual({ width: 512, height: 512 })
  expect([image.width, image.height]).toEqual([512, 512])
})

test('a large one is scaled down to the bound and keeps its shape', async () => {
  const { size, image } = await look(sample('flower.jpg'), { maxPixels: 100_000 })
  expect(size).toEqual({ width: 2268, height: 1512 })
  expect(image.width * image.height).toBeLessThanOrEqual(100_000)
  expect(image.width * image.height).toBeGreaterThan(99_000)
  expect(image.width / image.height).toBeCloseTo(1.5, 1)
})

test('a thin one keeps at least a pixel on each side', async () => {
  const strip = await sharp({ create: { width: 16_000, height: 2, channels: 3, background: '#123' } })
    .png()
    .toBuffer()
  const { image } = await look(strip, { maxPixels: 10_000 })
  expect(image.height).toBe(1)
  expect(image.width * image.height).toBeLessThanOrEqual(10_000)
})

test('it is seen upright, then trimmed', async () => {
  const bytes = await (await ramp(300, 200)).png().toBuffer()
  const upright = await look(bytes, { orientation: 6 })
  expect(upright.size).toEqual({ width: 200, height: 300 })
  const trimBox = { left: 100, top: 150, width: 50, height: 60 }
  const trimmed = await look(bytes, { orientation: 6, trimBox })
  expect(trimmed.size).toEqual({ width: 50, height: 60 })
  const pixels = ({ image }: typeof upright) => ({ ...image, data: Buffer.from(image.data) })
  expect(pixelAt(pixels(trimmed), 0, 0)).toEqual(pixelAt(pixels(upright), 100, 150))
  expect(pixelAt(pixels(trimmed), 49, 59)).toEqual(pixelAt(pixels(upright), 149, 209))
})

test('a normalised one is seen at its normalised size, trimmed there', async () => {
  const bytes = await (await ramp(300, 100)).png().toBuffer()
  const trimBox = { left: 10, top: 10, width: 40, height: 30 }
  expect((await look(bytes, { maxWidth: 150 })).size).toEqual({ width: 150, height: 50 })
  const { size, image } = await look(bytes, { maxWidth: 150, trimBox, maxPixels: 300 })
  expect(size).toEqual({ width: 40, height: 30 })
  expect([image.width, image.height]).toEqual([20, 15])
})

test('an animation shows its first frame and a drawing is drawn at the size it is looked at', async () => {
  const frames = await Promise.all(
    ['#f00', '#00f'].map((background) =>
      sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  const first = await look(gif)
  expect(first.size).toEqual({ width: 40, height: 30 })
  expect([...first.image.data.subarray(0, 3)]).toEqual([255, 0, 0])

  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8000" height="8000"><rect width="9" height="9"/></svg>'
  const drawing = await look(Buffer.from(svg), { maxPixels: 10_000 })
  expect(drawing.size).toEqual({ width: 8000, height: 8000 })
  expect([drawing.image.width, drawing.image.height]).toEqual([100, 100])
})
