import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { RawImage } from '../image.ts'
import { gaussian, gaussianBlur } from './blur.ts'
import { faded, meanColour, paste } from './composite.ts'
import { brightnessTable, contrastTable, throughTable } from './table.ts'

interface Vector {
  readonly filter: string
  readonly image: string
  readonly overlay: string
  readonly params: [number, number]
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
const { images, vectors, blur_kernels } = JSON.parse(readFileSync(file, 'utf8')) as {
  images: Record<string, Picture>
  vectors: Vector[]
  blur_kernels: { radius: number; sigma: number; kernel: number[] }[]
}

function picture(name: string): RawImage {
  const { width, height, mode, data } = images[name] as Picture
  return { data: new Uint8Array(Buffer.from(data, 'base64')), width, height, channels: mode === 'RGB' ? 3 : 4 }
}

const of = (filter: string) => vectors.filter((vector) => vector.filter === filter)
const bytes = (image: RawImage) => Buffer.from(image.data).toString('base64')

for (const [filter, table] of [
  ['brightness', brightnessTable],
  ['contrast', contrastTable],
] as const) {
  describe(`filters-pixels.json: ${of(filter).length} ${filter} vectors, byte for byte`, () => {
    test.each(of(filter))('$image by $params', async ({ image, params, output }) => {
      expect(bytes(await throughTable(picture(image), table(params[0])))).toBe(output)
    })
  })
}

describe(`filters-pixels.json: ${of('blur').length} blur vectors, byte for byte`, () => {
  test.each(of('blur'))('$image by $params', async ({ image, params, output }) => {
    expect(bytes(await gaussianBlur(picture(image), params[0], params[1]))).toBe(output)
  })
})
describe(`filters-pixels.json: ${blur_kernels.length} blur kernels`, () => {
  test.each(blur_kernels)('radius $radius, sigma $sigma', ({ radius, sigma, kernel }) => {
    const ours = gaussian(radius, sigma)
    expect(ours.length).toBe(kernel.length)
    for (const [i, weight] of kernel.entries()) expect(ours[i]).toBeCloseTo(weight, 11)
  })
})

const alpha = '_alpha (watermark transparency)'
describe(`filters-pixels.json: ${of(alpha).length} watermark transparency vectors, byte for byte`, () => {
  test.each(of(alpha))('$image by $params', ({ image, params, output }) => {
    expect(bytes(faded(picture(image), params[0]))).toBe(output)
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
    await paste(bottom, picture(overlay), { left: params[0], top: params[1] }, 'merge')
    expect(bytes(bottom)).toBe(output)
  })
})
