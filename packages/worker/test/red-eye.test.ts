import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningApp, startApp } from './app-fixture.ts'
import { createFolder, patient } from './detection-fixture.ts'
import { sample } from './images/pictures.ts'

const { sources, put, remove } = createFolder()
let app: RunningApp
const PUPILS = [
  [203, 101],
  [246, 103],
] as const

beforeAll(async () => {
  const discs = PUPILS.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="4" fill="#d01820"/>`).join('')
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512">${discs}</svg>`)
  put('coffee.png', sample('coffee.png'))
  put(
    'flash.png',
    await sharp(sample('astronaut.png'))
      .composite([{ input: svg }])
      .png()
      .toBuffer(),
  )
  app = await startApp({ sources, detection: patient })
})
afterAll(async () => {
  await app.stop()
  remove()
})

/** How much redder than green and blue the pupils are, in levels. */
async function redness(path: string, place: (x: number, y: number) => readonly [number, number]): Promise<number[]> {
  const { status, body } = await app.signed(path)
  expect(status).toBe(200)
  const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return PUPILS.map(([x, y]) => {
    const [px, py] = place(x, y)
    const [red = 0, green = 0, blue = 0] = data.subarray((py * info.width + px) * 3)
    return red - Math.max(green, blue)
  })
}

test.each<[string, string, (x: number, y: number) => readonly [number, number]]>([
  ['as it is', '', (x, y) => [x, y]],
  ['with smart', 'smart/', (x, y) => [x, y]],
  ['mirrored', '-0x0/', (x, y) => [511 - x, y]],
  ['cut', '100x50:400x350/', (x, y) => [x - 100, y - 50]],
  ['enlarged', '1024x1024/', (x, y) => [2 * x, 2 * y]],
  ['reduced', '256x256/', (x, y) => [Math.round(x / 2), Math.round(y / 2)]],
])('takes the red out of a picture %s', async (_, options, place) => {
  const before = await redness(`${options}filters:format(png)/flash.png`, place)
  const after = await redness(`${options}filters:red_eye():format(png)/flash.png`, place)
  expect(Math.min(...before)).toBeGreaterThan(100)
  expect(Math.max(...after)).toBeLessThan(20)
})

test('changes nothing but the pupils', async () => {
  const pixels = async (filters: string) =>
    sharp((await app.signed(`filters:${filters}format(png)/flash.png`)).body)
      .removeAlpha()
      .raw()
      .toBuffer()
  const [plain, corrected] = [await pixels(''), await pixels('red_eye():')]
  let farthest = 0
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === corrected[i]) continue
    const [x, y] = [Math.floor(i / 3) % 512, Math.floor(i / 3 / 512)]
    farthest = Math.max(farthest, Math.min(...PUPILS.map(([px, py]) => Math.hypot(x - px, y - py))))
  }
  expect(farthest).toBeGreaterThan(3)
  expect(farthest).toBeLessThan(12)
})

test('has no effect on a picture without faces, and none after a filter that turns it', async () => {
  const same = async (file: string, one: string, other: string) => {
    const replies = [await app.signed(`filters:${one}/${file}`), await app.signed(`filters:${other}/${file}`)]
    const [a, b] = await Promise.all(replies.map(({ body }) => sharp(body).raw().toBuffer()))
    return Buffer.compare(a as Buffer, b as Buffer) === 0
  }
  expect(await same('coffee.png', 'red_eye()', 'max_age(1)')).toBe(true)
  expect(await same('flash.png', 'rotate(180):red_eye()', 'rotate(180)')).toBe(true)
  expect(await same('flash.png', 'red_eye():rotate(180)', 'rotate(180)')).toBe(false)
})
