import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningApp, startApp } from './app-fixture.ts'
import {
  createFolder,
  cropOf,
  holds,
  meta,
  origins,
  type Point,
  patient,
  points,
  searches,
  threads,
} from './detection-fixture.ts'
import { FACES, photo, type Scene, scene } from './faces.ts'
import { sample } from './images/pictures.ts'

const { sources, put, remove } = createFolder()
const scenes = new Map<string, Scene>()
let app: RunningApp

beforeAll(async () => {
  for (const face of FACES) {
    put(face.file, photo(face.file))
    const made = await scene(face, 380, scenes.size % 2 === 0 ? 'northwest' : 'southeast')
    scenes.set(face.file, made)
    put(`small-${face.file}.jpg`, made.bytes)
  }
  for (const name of ['coffee.png', 'rocket.jpg']) put(name, sample(name))
  app = await startApp({ sources, detection: patient })
})
afterAll(async () => {
  await app.stop()
  remove()
})

test('starts OpenCV with the first picture that is to be searched, not before', async () => {
  expect(await threads(app)).toBe('0')
  expect((await app.signed('100x400/rocket.jpg')).status).toBe(200)
  expect(await threads(app)).toBe('0')
  expect((await app.signed('100x400/smart/rocket.jpg')).status).toBe(200)
  expect(await threads(app)).toBe('1')
}, 60_000)

test.each(FACES)(
  'keeps the face of $file whole, in a tall and in a wide picture',
  async ({ file, face, tall, wide }) => {
    for (const shape of [tall, wide]) {
      const crop = await cropOf(app, `${shape}/smart/${file}`)
      expect(holds(crop, face), `${shape}: ${JSON.stringify(crop)}`).toBe(true)
    }
    // The middle of the picture, which is shown without it, does not do: the shapes are narrow enough to tell.
    const middles = [await cropOf(app, `${tall}/${file}`), await cropOf(app, `${wide}/${file}`)]
    expect(middles.every((crop) => holds(crop, face))).toBe(false)
  },
)

test.each(FACES)(
  'finds the small face of $file in the corner of another photograph, for 100x400 and 400x100',
  async ({ file }) => {
    const { face } = scenes.get(file) as Scene
    for (const shape of ['100x400', '400x100']) {
      const crop = await cropOf(app, `${shape}/smart/small-${file}.jpg`)
      expect(holds(crop, face), `${shape}: ${JSON.stringify(crop)}`).toBe(true)
      expect(holds(await cropOf(app, `${shape}/small-${file}.jpg`), face)).toBe(false)
    }
  },
)

test('the picture is cut as the document says', async () => {
  const { body } = await app.signed('100x400/smart/filters:format(png)/astronaut.png')
  const { left, top, width, height } = await cropOf(app, '100x400/smart/astronaut.png')
  const expected = await sharp(sample('astronaut.png'))
    .extract({ left, top, width, height })
    .resize(100, 400, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer()
  expect(Buffer.compare(await sharp(body).raw().toBuffer(), expected)).toBe(0)
})

test('a face is told with thumbor’s origin, place and weight', async () => {
  const found = await points(app, '100x400/smart/astronaut.png')
  expect(found).toHaveLength(1)
  const [{ x, y, z, origin }] = found as [Point]
  // haarcascade_frontalface_alt boxes it at 173,63 with 103 px; 12 % of that is for the hair.
  expect(Math.hypot(x - 224, y - 102)).toBeLessThan(6)
  expect(Math.abs(Math.sqrt(z) - 103)).toBeLessThan(8)
  expect(origin).toBe('Face Detection')
})

test('explicit points are kept beside what is found', async () => {
  const found = await points(app, '100x400/smart/filters:focal(0x0:10x10)/astronaut.png')
  expect(origins(found)).toEqual(['Explicit', 'Face Detection'])
})

test('points outside of a manual crop are dropped', async () => {
  const found = await points(app, '300x300:500x500/50x200/smart/astronaut.png')
  expect(origins(found)).toEqual(['alignment'])
})

test('a picture without faces is cut around its corners', async () => {
  const found = await points(app, '100x400/smart/coffee.png')
  expect(found.length).toBeGreaterThan(1)
  expect(new Set(found.map(({ origin, z }) => `${origin} ${z}`))).toEqual(new Set(['alignment 1']))
})

test('a trimmed picture is searched as trimmed', async () => {
  const framed = await sharp(sample('astronaut.png'))
    .extend({ top: 0, bottom: 300, left: 700, right: 0, background: '#fff' })
    .png()
    .toBuffer()
  put('framed.png', framed)
  const [whole, trimmed] = [
    await meta(app, '100x400/smart/framed.png'),
    await meta(app, 'trim/100x400/smart/framed.png'),
  ]
  expect(whole.focal_points[0]?.x).toBeGreaterThan(900)
  expect(Math.abs((trimmed.focal_points[0]?.x ?? 0) - 224)).toBeLessThan(8)
  const [, second] = trimmed.operations
  expect(second).toMatchObject({ type: 'crop', top: 0, bottom: 512 })
})

test('a large picture is searched at a smaller size and its points fit the large one', async () => {
  const portrait = await sharp(sample('astronaut.png')).resize(1200).png().toBuffer()
  const large = await sharp(sample('hubble_deep_field.jpg'))
    .resize(3000, 2400, { fit: 'fill' })
    .composite([{ input: portrait, left: 1800, top: 1200 }])
    .jpeg()
    .toBuffer()
  put('large.jpg', large)
  const found = await points(app, '100x400/smart/large.jpg')
  expect(origins(found)).toEqual(['Face Detection'])
  const scale = 1200 / 512
  expect(Math.abs((found[0]?.x ?? 0) - (1800 + 224 * scale))).toBeLessThan(40)
  expect(Math.abs((found[0]?.y ?? 0) - (1200 + 102 * scale))).toBeLessThan(40)
})

test.each([
  ['one pixel', 'dot.png', () => sharp({ create: { width: 1, height: 1, channels: 3, background: '#123' } }).png()],
  [
    'one colour',
    'flat.png',
    () => sharp({ create: { width: 90, height: 60, channels: 4, background: '#0000' } }).png(),
  ],
  ['gray', 'gray.jpg', () => sharp(sample('astronaut.png')).toColourspace('b-w').jpeg()],
  ['CMYK', 'cmyk.jpg', () => sharp(sample('astronaut.png')).toColourspace('cmyk').jpeg()],
  ['transparent', 'clear.webp', () => sharp(sample('astronaut.png')).ensureAlpha(0.5).webp()],
])('a picture of %s is answered', async (_, name, make) => {
  put(name, await make().toBuffer())
  const { status, headers, body } = await app.signed(`20x40/smart/filters:format(png)/${name}`)
  expect([status, headers['cache-control']]).toEqual([200, 'max-age=86400,public'])
  expect(await sharp(body).metadata()).toMatchObject({ width: 20, height: 40 })
})

test('an animation is cut around the face of its first frame', async () => {
  const portrait = await sharp(sample('astronaut.png')).resize(256).png().toBuffer()
  const blank = await sharp({ create: { width: 256, height: 256, channels: 3, background: '#555' } })
    .png()
    .toBuffer()
  put(
    'animated.gif',
    await sharp([portrait, blank], { join: { animated: true } })
      .gif()
      .toBuffer(),
  )
  const found = await points(app, '50x200/smart/animated.gif')
  expect(origins(found)).toEqual(['Face Detection'])
  expect((await app.signed('50x200/smart/animated.gif')).status).toBe(200)
})

test('a drawing is searched too', async () => {
  const href = `data:image/png;base64,${sample('astronaut.png').toString('base64')}`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="900" height="600"><image xlink:href="${href}" x="388" y="88" width="512" height="512"/></svg>`
  put('drawing.svg', Buffer.from(svg))
  const found = await points(app, '100x400/smart/drawing.svg')
  expect(origins(found)).toEqual(['Face Detection'])
  expect(Math.abs((found[0]?.x ?? 0) - (388 + 224))).toBeLessThan(8)
  expect((await app.signed('100x400/smart/drawing.svg')).status).toBe(200)
})

test('many sizes of one picture asked for at once search it once', async () => {
  put('once.png', await sharp(sample('astronaut.png')).modulate({ brightness: 0.9 }).png().toBuffer())
  const before = await searches(app)
  const shapes = [10, 20, 30, 40, 50, 60].map((width) => `${width}x200/smart/once.png`)
  const replies = await Promise.all(shapes.map((path) => app.signed(path)))
  expect(replies.map(({ status }) => status)).toEqual(shapes.map(() => 200))
  expect((await searches(app))['face found']).toBe((before['face found'] ?? 0) + 1)
})

test('without anything to cut nothing is searched', async () => {
  const before = await searches(app)
  put('whole.png', sample('chelsea.png'))
  expect((await app.signed('fit-in/100x400/smart/whole.png')).status).toBe(200)
  expect(await searches(app)).toEqual(before)
})
