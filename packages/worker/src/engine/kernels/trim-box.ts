import type { Box } from '../geometry/box.ts'
import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

/** What counts as border. */
export interface TrimRule {
  /** The corner whose pixel has the colour of the border. */
  readonly corner: 'top-left' | 'bottom-right'
  /** Largest Euclidean distance over all channels, alpha included, at which a pixel belongs to the border. */
  readonly tolerance: number
}

/**
 * The smallest box around every pixel that is not border, or undefined when there is none. Takes the metric of
 * `thumbor/ext/filters/_bounding_box.c`, but not its slip: there a row with one such pixel does not count on the right.
 */
export async function trimBox(image: RawImage, { corner, tolerance }: TrimRule): Promise<Box | undefined> {
  const { width, height } = image
  const counts = comparison(image, corner, tolerance)
  const row = (y: number) => leftmost(counts, y, width) < width
  const top = await firstRow(image, row)
  if (top === undefined) return undefined
  const fromBelow = (await firstRow(image, (y) => row(height - 1 - y))) ?? 0
  const bottom = height - 1 - fromBelow
  // Only what lies outside of the box so far can widen it.
  let left = width
  let right = -1
  await inSlices(bottom - top + 1, width * image.channels, (from, to) => {
    for (let y = top + from; y < top + to; y++) {
      left = leftmost(counts, y, left)
      right = rightmost(counts, y, right, width)
    }
  })
  return { left, top, width: right - left + 1, height: bottom - top + 1 }
}

type Counts = (x: number, y: number) => boolean

function comparison({ data, width, channels }: RawImage, corner: TrimRule['corner'], tolerance: number): Counts {
  const border = corner === 'top-left' ? data.slice(0, channels) : data.slice(-channels)
  const limit = tolerance * tolerance
  return (x, y) => {
    let distance = 0
    for (let channel = 0, at = (y * width + x) * channels; channel < channels; channel++, at++) {
      const difference = (data[at] as number) - (border[channel] as number)
      distance += difference * difference
    }
    return distance > limit
  }
}

/** The first row from the top, by its number, that satisfies `test`. */
async function firstRow({ width, height, channels }: RawImage, test: (y: number) => boolean) {
  let found: number | undefined
  await inSlices(height, width * channels, (from, to) => {
    for (let y = from; y < to && found === undefined; y++) if (test(y)) found = y
  })
  return found
}

/** The first pixel of a row that counts, before `end`; else `end`. */
function leftmost(counts: Counts, y: number, end: number): number {
  for (let x = 0; x < end; x++) if (counts(x, y)) return x
  return end
}

/** The last pixel of a row that counts, behind `start`; else `start`. */
function rightmost(counts: Counts, y: number, start: number, width: number): number {
  for (let x = width - 1; x > start; x--) if (counts(x, y)) return x
  return start
}
