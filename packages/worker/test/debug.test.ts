import { expect, test } from 'vitest'
import { type Job, make, pixelAt, pixels, ramp } from './images/pictures.ts'

const SIZE = { width: 120, height: 90 }
const source = await (await ramp(SIZE.width, SIZE.height)).png().toBuffer()
const plain = await pixels((await make({ source })).data)

/** Every white px of a picture without white of its own, as `x,y`. */
async function marks(asked: Job['asked'], filters?: string): Promise<ReadonlySet<string>> {
  const { data } = await make({ source, asked: { debug: true, ...asked }, ...(filters ? { filters } : {}) })
  const shown = await pixels(data)
  const found = new Set<string>()
  for (let y = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++) {
      if (pixelAt(shown, x, y).every((value) => value === 255)) found.add(`${x},${y}`)
      else if (shown.width === SIZE.width) expect(pixelAt(shown, x, y)).toEqual(pixelAt(plain, x, y))
    }
  }
  return found
}

/** The px of an outline whose edges are inside, as far as they are in a picture. */
function rectangle(left: number, top: number, right: number, bottom: number, { width, height } = SIZE) {
  const px = new Set<string>()
  for (let y = Math.max(top, 0); y <= Math.min(bottom, height - 1); y++) {
    for (let x = Math.max(left, 0); x <= Math.min(right, width - 1); x++) {
      if (x === left || x === right || y === top || y === bottom) px.add(`${x},${y}`)
    }
  }
  return px
}

test.each<[string, Job['asked'], string | undefined, ReadonlySet<string>]>([
  ['a focal box', {}, 'focal(30x20:70x60)', rectangle(30, 20, 70, 60)],
  ['nothing for the alignment', { halign: 'left' }, undefined, new Set()],
  ['a line as a box of 10 px', {}, 'focal(50x40:51x80)', rectangle(45, 40, 55, 80)],
  ['a box that sticks out', {}, 'focal(100x70:140x110)', rectangle(100, 70, 140, 110)],
  ['a box without end', {}, `focal(0x0:${'9'.repeat(15)}x${'9'.repeat(15)})`, new Set([...rectangle(0, 0, 999, 999)])],
  [
    'a box after a manual crop',
    { crop: { left: 20, top: 10, right: 100, bottom: 80 } },
    'focal(30x20:70x60)',
    rectangle(10, 10, 50, 50, { width: 80, height: 70 }),
  ],
])('debug outlines %s', async (_, asked, filters, expected) => {
  expect([...(await marks(asked, filters))].sort()).toEqual([...expected].sort())
})

test('debug outlines several boxes, each', async () => {
  const found = await marks({}, 'focal(5x5:25x25):focal(60x30:100x70)')
  const all = new Set([...rectangle(5, 5, 25, 25), ...rectangle(60, 30, 100, 70)])
  expect([...found].sort()).toEqual([...all].sort())
})

test('debug neither cuts nor scales nor mirrors, but cuts by hand and turns by filters', async () => {
  const asked = { debug: true, width: 10, height: 80, flipH: true, fitIn: true }
  const untouched = await pixels((await make({ source, asked })).data)
  expect([untouched.width, untouched.height]).toEqual([SIZE.width, SIZE.height])
  expect(untouched.data.equals(plain.data)).toBe(true)
  const made = await make({
    source,
    asked: { ...asked, crop: { left: 0, top: 0, right: 50, bottom: 20 } },
    filters: 'rotate(90)',
  })
  expect([made.width, made.height]).toEqual([20, 50])
})

test('a focal box decides what is kept: the marked part is in the result, with and without alignment', async () => {
  for (const halign of ['left', 'center', 'right'] as const) {
    const { data } = await make({ source, asked: { width: 30, height: 90, halign }, filters: 'focal(80x0:100x90)' })
    const cut = await pixels(data)
    // Red tells x: 0 to 255 over the whole width. The middle of the box is 90 px.
    expect(Math.abs((pixelAt(cut, 15, 45)[0] as number) - (90.5 / SIZE.width) * 255)).toBeLessThan(4)
  }
})

test('two focal boxes weigh by their areas', async () => {
  // 10 × 10 around x = 15 and 30 × 30 around x = 95: nine to one.
  const filters = 'focal(10x10:20x20):focal(80x10:110x40)'
  const cut = await pixels((await make({ source, asked: { width: 20, height: 90 }, filters })).data)
  const middle = (15 * 100 + 95 * 900) / 1000
  expect(Math.abs((pixelAt(cut, 10, 45)[0] as number) - ((middle + 0.5) / SIZE.width) * 255)).toBeLessThan(4)
})

test('stretch keeps all of the picture, but has no effect on fit-in', async () => {
  const ends = async (filters: string | undefined, fitIn: boolean) => {
    const asked = { width: 60, height: 80, fitIn }
    const made = await pixels((await make({ source, asked, ...(filters ? { filters } : {}) })).data)
    const at = (x: number) => pixelAt(made, x, Math.floor(made.height / 2))[0] as number
    return { size: [made.width, made.height], left: at(0), right: at(made.width - 1) }
  }
  const [cut, stretched, fitted] = [
    await ends(undefined, false),
    await ends('stretch()', false),
    await ends('stretch()', true),
  ]
  expect([cut.size, stretched.size, fitted.size]).toEqual([
    [60, 80],
    [60, 80],
    [60, 45],
  ])
  expect(cut.left).toBeGreaterThan(40)
  expect([stretched.left < 8, stretched.right > 247]).toEqual([true, true])
  expect([fitted.left < 8, fitted.right > 247]).toEqual([true, true])
})
