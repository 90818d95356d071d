import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { offsetPixels, type Position, parsePosition, watermarkCorners, watermarkSize } from './place.ts'

interface Placement {
  readonly image: [number, number]
  readonly watermark: [number, number]
  readonly x: string
  readonly y: string
  readonly w_ratio: string | null
  readonly h_ratio: string | null
  readonly expected: { readonly resized_to: [number, number] | null; readonly paste_positions: [number, number][] }
}

interface Sizing {
  readonly image: [number, number]
  readonly watermark: [number, number]
  readonly w_ratio: number | null
  readonly h_ratio: number | null
  readonly expected: [number, number]
}

const file = new URL('../../../test/vectors/thumbor/watermark.json', import.meta.url)
const { positions, placements, sizes } = JSON.parse(readFileSync(file, 'utf8')) as {
  positions: { length: number; position: string; expected: string }[]
  placements: Placement[]
  sizes: Sizing[]
}

const size = ([width, height]: readonly [number, number]) => ({ width, height })
const parsed = (text: string) => parsePosition(text) as Position
const percent = (text: string | null) => (text === null || text === 'none' ? 0 : Number(text))

describe(`watermark.json: ${positions.length} positions`, () => {
  test.each(positions)('$position of $length px is $expected', ({ length, position, expected }) => {
    const where = parsed(position)
    const text = where.kind === 'offset' ? `${where.fromEnd ? '-' : ''}${offsetPixels(where, length)}` : where.kind
    expect(text).toBe(expected)
  })
})

describe(`watermark.json: ${sizes.length} sizes`, () => {
  test.each(sizes)('$watermark on $image by $w_ratio, $h_ratio', ({ image, watermark, w_ratio, h_ratio, expected }) => {
    expect(watermarkSize(size(image), size(watermark), w_ratio ?? 0, h_ratio ?? 0)).toEqual(size(expected))
  })
})

/** Placements that are a 500 in thumbor, by index, and the size they have here. */
const FIXED: Readonly<Record<number, { readonly why: string; readonly size: [number, number] }>> = {
  24: { why: 'a side that rounds to 0 is 1 px', size: [80, 1] },
  25: { why: 'negative percentages are unset', size: [100, 50] },
}

describe(`watermark.json: ${placements.length} placements, ${Object.keys(FIXED).length} fixed on purpose`, () => {
  test.each([...placements.entries()])('placement %i', (index, placement) => {
    const { image, watermark, x, y, w_ratio, h_ratio, expected } = placement
    const resized = watermarkSize(size(image), size(watermark), percent(w_ratio), percent(h_ratio))
    expect(resized).toEqual(size(FIXED[index]?.size ?? expected.resized_to ?? watermark))
    expect(watermarkCorners(size(image), resized, parsed(x), parsed(y)).map(({ left, top }) => [left, top])).toEqual(
      expected.paste_positions,
    )
  })
})
