import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { largestDifference } from '../../../test/images/pictures.ts'
import type { RawImage } from '../image.ts'
import { gaussian, gaussianBlur } from './blur.ts'
import { faded, meanColour, paste } from './composite.ts'
import { normalised } from './convolution.ts'
import { curveTable, joinTables } from './curve.ts'
import { drawNinePatch, readNinePatch } from './nine-patch.ts'
import { noisy } from './noise.ts'
import { roundCorners } from './round-corner.ts'
import { saturated } from './saturation.ts'
import { sharpened } from './sharpen.ts'
import {
  brightnessTable,
  type ColourTables,
  colorizeTable,
  contrastTable,
  throughTable,
  throughTables,
} from './table.ts'
import { weighted } from './weighted-tiles.ts'

interface Vector {
  readonly filter: string
  readonly image: string
  readonly overlay: string
  /** By filter; each test knows what they are. */
  readonly params: readonly never[]
  readonly output: string
  readonly output_rgb: number[]
}

interface Picture {
  readonly width: number
  readonly height: number
  readonly mode: 'RGB' | 'RGBA'
  readonly data: string
}

const file = new URL('../../../test/vectors/thumbor/filters-pixels.json', import.meta.url)
interface NinePatchVector {
  readonly nine_patch: { readonly width: number; readonly height: number; readonly rgba: string }
  readonly padding_left_top_right_bottom: readonly number[]
  readonly target: string
  readonly output_without_padding_step: string
}

const { images, vectors, blur_kernels, nine_patch } = JSON.parse(readFileSync(file, 'utf8')) as {
  images: Record<string, Picture>
  vectors: Vector[]
  nine_patch: NinePatchVector[]
  blur_kernels: { radius: number; sigma: number; kernel: number[] }[]
}

function picture(name: string): RawImage {
  const { width, height, mode, data } = images[name] as Picture
  return { data: new Uint8Array(Buffer.from(data, 'base64')), width, height, channels: mode === 'RGB' ? 3 : 4 }
}

const of = (filter: string) => vectors.filter((vector) => vector.filter === filter)
const bytes = (image: RawImage) => Buffer.from(image.data).toString('base64')

/** Every vector of a filter against what `make` gives for its picture and parameters. */
function byteForByte(
  filter: string,
  make: (image: RawImage, params: Vector['params']) => RawImage | Promise<RawImage>,
) {
  describe(`filters-pixels.json: ${of(filter).length} ${filter} vectors, byte for byte`, () => {
    test.each(of(filter))('$image by $params', async ({ image, params, output }) => {
      expect(bytes(await make(picture(image), params))).toBe(output)
    })
  })
}

function eachColour(table: (channel: 0 | 1 | 2) => Uint8Array): ColourTables {
  return [table(0), table(1), table(2)]
}

byteForByte('brightness', (image, [percent = 0]) => throughTable(image, brightnessTable(percent)))
byteForByte('contrast', (image, [percent = 0]) => throughTable(image, contrastTable(percent)))
byteForByte('rgb', (image, percents) =>
  throughTables(
    image,
    eachColour((c) => brightnessTable(percents[c] ?? 0)),
  ),
)
byteForByte('colorize', (image, [red = 0, green = 0, blue = 0, hex = '']) => {
  const colour = Buffer.from(hex, 'hex')
  const percents = [red, green, blue] as const
  return throughTables(
    image,
    eachColour((c) => colorizeTable(percents[c], colour[c] ?? 0)),
  )
})
byteForByte('saturation', (image, [factor = 0]) => saturated(image, factor))
byteForByte('noise', (image, [amount = 0, seed = 0]) => noisy(image, amount, seed))
byteForByte('curve', (image, lists: readonly string[]) => {
  const [all, ...colours] = lists.map((list) => {
    return curveTable([...list.matchAll(/(\d+),(\d+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) })))
  }) as [Uint8Array, ...Uint8Array[]]
  return throughTables(
    image,
    eachColour((c) => joinTables(colours[c] as Uint8Array, all)),
  )
})
byteForByte('convolution', (image, [list = '', columns = 0, normalize = false]) => {
  const matrix = { weights: list.split(';').map(Number), columns }
  return weighted(image, normalize ? normalised(matrix) : matrix)
})
byteForByte('round_corner', (image, [radii = '', red = 0, green = 0, blue = 0, transparent = false]) => {
  const [radiusX = 0, radiusY = 0] = radii.split('|').map(Number)
  const copy = { ...image, data: Uint8Array.from(image.data) }
  roundCorners(copy, { radiusX, radiusY, colour: [red, green, blue], transparent })
  return copy
})
byteForByte('blur', (image, [radius = 0, sigma = 0]) => gaussianBlur(image, radius, sigma))

describe(`filters-pixels.json: ${blur_kernels.length} blur kernels`, () => {
  test.each(blur_kernels)('radius $radius, sigma $sigma', ({ radius, sigma, kernel }) => {
    const ours = gaussian(radius, sigma)
    expect(ours.length).toBe(kernel.length)
    for (const [i, weight] of kernel.entries()) expect(ours[i]).toBeCloseTo(weight, 11)
  })
})

describe(`filters-pixels.json: ${of('sharpen').length} sharpen vectors, at most a level apart`, () => {
  test.each(of('sharpen'))('$image by $params', async ({ image, params, output }) => {
    const [amount = 0, radius = 0, luminance = false] = params
    const { data } = await sharpened(picture(image), { amount, radius, luminance })
    expect(largestDifference(data, Buffer.from(output, 'base64'))).toBeLessThanOrEqual(luminance ? 1 : 0)
  })
})

const alpha = '_alpha (watermark transparency)'
describe(`filters-pixels.json: ${of(alpha).length} watermark transparency vectors, byte for byte`, () => {
  test.each(of(alpha))('$image by $params', ({ image, params, output }) => {
    expect(bytes(faded(picture(image), params[0] ?? 0))).toBe(output)
  })
})

const auto = '_fill (auto colour)'
describe(`filters-pixels.json: ${of(auto).length} mean colours`, () => {
  test.each(of(auto))('$image', ({ image, output_rgb }) => {
    expect(meanColour(picture(image)).slice(0, 3)).toEqual(output_rgb)
  })
})

const merge = '_composite (paste with merge)'
describe(`filters-pixels.json: ${of(merge).length} merged pastes, byte for byte`, () => {
  test.each(of(merge))('$overlay on $image at $params', async ({ image, overlay, params, output }) => {
    const bottom = picture(image)
    await paste(bottom, picture(overlay), { left: params[0] ?? 0, top: params[1] ?? 0 }, 'merge')
    expect(bytes(bottom)).toBe(output)
  })
})

describe(`filters-pixels.json: ${nine_patch.length} frames, at most a level apart`, () => {
  test.each(nine_patch)('$target', async (vector) => {
    const { width, height, rgba } = vector.nine_patch
    const frame = { data: new Uint8Array(Buffer.from(rgba, 'base64')), width, height, channels: 4 } as const
    const patch = readNinePatch(frame)
    if (!patch) throw new Error('no nine-patch')
    const { left, top, right, bottom } = patch.padding
    expect([left, top, right, bottom]).toEqual(vector.padding_left_top_right_bottom)
    const drawn = picture(vector.target)
    await drawNinePatch(drawn, frame, patch)
    expect(
      largestDifference(drawn.data, Buffer.from(vector.output_without_padding_step, 'base64')),
    ).toBeLessThanOrEqual(1)
  })
})
