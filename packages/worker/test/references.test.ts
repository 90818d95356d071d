import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type FloatPicture, fromPixels, gaussed, over, pictureOf, resized, toPixels } from './images/float-picture.ts'
import { frame, type Job, make, pixels, sample } from './images/pictures.ts'
import { ssim } from './images/ssim.ts'

// What thumbor's vectors do not show byte for byte is compared with a straightforward version in doubles.
const LEAST = 0.99

const small = async (name: string, width: number, height: number) =>
  sharp(sample(name)).resize(width, height, { fit: 'fill' }).png().toBuffer()
const floats = async (bytes: Buffer) => fromPixels(await pixels(bytes))

const PHOTO = await small('chelsea.png', 120, 80)
const SHEER = await small('flower-small-rgba.png', 100, 80)
const FRAME = await frame()
const photo = await floats(PHOTO)
const sheer = await floats(SHEER)

const plain = (width: number, height: number, colour: readonly [number, number, number, number]) =>
  pictureOf(width, height, () => colour)
const turned = (picture: FloatPicture) =>
  pictureOf(picture.height, picture.width, (x, y) => picture.at(picture.width - 1 - y, x))
const middle = (canvas: FloatPicture, picture: FloatPicture) =>
  over(
    canvas,
    picture,
    Math.floor((canvas.width - picture.width) / 2),
    Math.floor((canvas.height - picture.height) / 2),
  )

function mean({ width, height, at }: FloatPicture): readonly [number, number, number, number] {
  const sum = (c: 0 | 1 | 2) => {
    let total = 0
    for (let i = 0; i < width * height; i++) total += at(i % width, Math.floor(i / width))[c]
    return Math.trunc(total / (width * height))
  }
  return [sum(0), sum(1), sum(2), 255]
}

/** Each level by its rank among the levels of its channel, from the lowest level of any. */
function ranked({ width, height, at }: FloatPicture): FloatPicture {
  const sorted = ([0, 1, 2] as const).map((c) =>
    Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))[c]).sort((a, b) => a - b),
  )
  const lowest = Math.min(...sorted.map(([least = 0]) => least))
  const ranks = sorted.map((values) => new Map(values.map((value, i) => [value, i + 1])))
  const level = (c: 0 | 1 | 2, value: number) => {
    const [own, least] = [ranks[c]?.get(value) ?? 0, ranks[c]?.get(lowest) ?? 0]
    return (255 * (own - least)) / (width * height - least)
  }
  return pictureOf(width, height, (x, y) => {
    const [r, g, b, a] = at(x, y)
    return [level(0, r), level(1, g), level(2, b), a]
  })
}

/** White with a brown rim of 1 px: what the frame of the tests is around a picture. */
function rimmed(picture: FloatPicture): FloatPicture {
  const [width, height] = [picture.width + 2, picture.height + 2]
  const inside = over(plain(width, height, [255, 255, 255, 255]), picture, 1, 1)
  return pictureOf(width, height, (x, y) =>
    x === 0 || y === 0 || x === width - 1 || y === height - 1 ? [120, 60, 20, 255] : inside.at(x, y),
  )
}

const faded = (picture: FloatPicture, percent: number) =>
  pictureOf(picture.width, picture.height, (x, y) => {
    const [r, g, b, a] = picture.at(x, y)
    return [r, g, b, Math.max(0, a - (255 * percent) / 100)]
  })
const gray = (picture: FloatPicture) =>
  pictureOf(picture.width, picture.height, (x, y) => {
    const [r, g, b, a] = picture.at(x, y)
    const luma = 0.299 * r + 0.587 * g + 0.114 * b
    return [luma, luma, luma, a]
  })

const fitIn = { fitIn: true, width: 160, height: 100 }
const MARK = await small('flower-small-rgba.png', 50, 40)
const mark = await floats(MARK)

const CASES: Readonly<Record<string, Omit<Job, 'source'> & { source?: Buffer; expected: () => FloatPicture }>> = {
  'rotate(90)': { expected: () => turned(photo) },
  'rotate(180)': { expected: () => turned(turned(photo)) },
  'rotate(-90)': { expected: () => turned(turned(turned(photo))) },
  'proportion(0.5)': { expected: () => resized(photo, 60, 40) },
  'proportion(0.77)': { expected: () => resized(photo, 92, 61) },
  'upscale()': { asked: fitIn, expected: () => resized(photo, 150, 100) },
  'stretch()': { asked: { width: 70, height: 70 }, expected: () => resized(photo, 70, 70) },
  'grayscale()': { expected: () => gray(photo) },
  'equalize()': { expected: () => ranked(photo) },
  'fill(orange)': { asked: fitIn, expected: () => middle(plain(160, 100, [255, 165, 0, 255]), photo) },
  'fill(auto)': { asked: fitIn, expected: () => middle(plain(160, 100, mean(photo)), photo) },
  'fill(transparent)': { asked: fitIn, expected: () => middle(plain(160, 100, [0, 0, 0, 0]), photo) },
  'fill(08f,true)': { source: SHEER, asked: fitIn, expected: () => middle(plain(160, 100, [0, 136, 255, 255]), sheer) },
  'fill(blur)': { asked: fitIn, expected: () => middle(resized(gaussed(photo, 50, 50), 160, 100), photo) },
  'background_color(teal)': { source: SHEER, expected: () => over(plain(100, 80, [0, 128, 128, 255]), sheer, 0, 0) },
  'background_color(auto)': { source: SHEER, expected: () => over(plain(100, 80, mean(sheer)), sheer, 0, 0) },
  'watermark(logo.png,10,-10,0)': { expected: () => over(photo, mark, 10, 80 - 40 - 10) },
  'watermark(logo.png,10,10,0,70,none)': { expected: () => over(photo, resized(mark, 84, 67), 10, 10) },
  'watermark(logo.png,center,center,40,25)': { expected: () => over(photo, faded(resized(mark, 30, 24), 40), 45, 28) },
  'frame(frame.png)': { expected: () => rimmed(photo) },
}

describe(`pictures without vectors are like their references: SSIM of at least ${LEAST}`, () => {
  test.each(Object.entries(CASES))('%s', async (filters, { expected, ...job }) => {
    const refs = { 'logo.png': MARK, 'frame.png': FRAME }
    const made = await pixels((await make({ source: PHOTO, refs, ...job, filters, format: 'png' })).data)
    const reference = toPixels(expected(), made.channels)
    expect([made.width, made.height]).toEqual([reference.width, reference.height])
    expect(ssim(made, reference)).toBeGreaterThanOrEqual(LEAST)
  })

  test('and a reference of another filter is not', async () => {
    const made = await pixels((await make({ source: PHOTO, filters: 'rotate(180)', format: 'png' })).data)
    expect(ssim(made, toPixels(photo, made.channels))).toBeLessThan(0.9)
  })
})
