import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'
import { makeTable, throughTables } from './table.ts'

/** How many pixels have each level. */
type Histogram = Uint32Array

/**
 * Spreads the levels of each colour channel so that about as many pixels have each; alpha stays and is not counted.
 * Takes pictures of 3 or 4 channels (`thumbor/ext/filters/_equalize.c`).
 */
export async function equalized(image: RawImage): Promise<RawImage> {
  const counts = await histograms(image)
  const lowest = Math.max(
    0,
    counts[0].findIndex((_, level) => counts.some((count) => count[level] !== 0)),
  )
  const table = (count: Histogram) => levelTable(count, lowest, image.width * image.height)
  return throughTables(image, [table(counts[0]), table(counts[1]), table(counts[2])])
}

async function histograms({
  data,
  width,
  height,
  channels,
}: RawImage): Promise<readonly [Histogram, Histogram, Histogram]> {
  const counts = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)] as const
  const stride = width * channels
  await inSlices(height, stride, (from, to) => {
    for (const [channel, count] of counts.entries()) {
      for (let i = from * stride + channel; i < to * stride; i += channels) {
        const level = data[i] as number
        count[level] = (count[level] as number) + 1
      }
    }
  })
  return counts
}

/**
 * Where a level goes: its rank, between the pixels at the lowest level of any channel (0) and all of them (255), in
 * single precision. thumbor divides by zero when every pixel has that lowest level; here such a channel stays.
 */
function levelTable(count: Histogram, lowest: number, area: number): Uint8Array {
  const { fround } = Math
  const least = count[lowest] as number
  let rank = 0
  const ranks = count.map((pixels) => {
    rank += pixels
    return rank
  })
  return makeTable((level) => {
    if (count[level] === 0 || area === least) return level
    return Math.trunc(fround(fround(fround((ranks[level] as number) - least) / fround(area - least)) * 255))
  })
}
