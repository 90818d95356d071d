import sharp from 'sharp'
import { expect, test } from 'vitest'
import { frame, make, pixelAt, pixels, planJob, sample } from '../../../test/images/pictures.ts'
import { readNinePatch } from './nine-patch.ts'

const source = sample('coffee.png')
const refs = { 'frame.png': await frame() }
const filters = 'frame(frame.png)'

test('the picture grows by the padding and shows inside of the rim', async () => {
  const asked = { width: 60, height: 40 }
  const [{ size }, framed, plain] = [
    await planJob({ source, asked, filters, refs }),
    await pixels((await make({ source, asked, filters, refs })).data),
    await pixels((await make({ source, asked })).data),
  ]
  expect(size).toEqual({ width: 62, height: 42 })
  for (const [x, y] of [
    [0, 0],
    [61, 0],
    [0, 41],
    [61, 41],
    [30, 0],
    [0, 20],
  ] as const) {
    expect(pixelAt(framed, x, y)).toEqual([120, 60, 20, 255])
  }
  for (const [x, y] of [
    [0, 0],
    [59, 39],
    [30, 20],
  ] as const) {
    expect(pixelAt(framed, x + 1, y + 1).slice(0, 3)).toEqual(pixelAt(plain, x, y).slice(0, 3))
  }
})

test('a picture smaller than the frame is framed as well', async () => {
  const made = await make({ source, asked: { width: 1, height: 1 }, filters, refs })
  expect([made.width, made.height]).toEqual([3, 3])
})

test('a frame without marks stretches as a whole and has no padding', () => {
  const blank = { data: new Uint8Array(6 * 5 * 4), width: 6, height: 5, channels: 4 } as const
  expect(readNinePatch(blank)).toEqual({
    columns: [{ start: 1, length: 4, stretches: true }],
    rows: [{ start: 1, length: 3, stretches: true }],
    padding: { left: 0, top: 0, right: 0, bottom: 0 },
  })
})

test('a frame with nothing inside of its lines is an error of that source', async () => {
  const tiny = await sharp({ create: { width: 2, height: 9, channels: 4, background: '#000' } })
    .png()
    .toBuffer()
  const job = planJob({ source, filters, refs: { 'frame.png': tiny } })
  await expect(job).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
})
