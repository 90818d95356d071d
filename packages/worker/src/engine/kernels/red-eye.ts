import type { Box } from '../geometry/box.ts'
import type { RawImage } from '../image.ts'

// thumbor/filters/redeye.py: so much redder than green and blue on average, and not dark.
const RED_SHARE = 2
const RED_LEAST = 61
// How far the corrected region reaches beyond the red one, px: the rim of a pupil is half red.
const RIM = 2

/**
 * Takes the red out of pupils, in place: in each box the largest region of red pixels, its holes and its rim get the mean
 * of green and blue. Boxes lie inside of the picture; pictures without colour stay as they are.
 */
export function correctRedEyes(image: RawImage, eyes: readonly Box[]): void {
  if (image.channels < 3) return
  for (const eye of eyes) {
    const region = largestRegion(redMask(image, eye), eye)
    if (!region) continue
    grow(region, eye)
    fillHoles(region, eye)
    neutralise(image, eye, region)
  }
}

function redMask({ data, width, channels }: RawImage, { left, top, ...eye }: Box): Uint8Array {
  const mask = new Uint8Array(eye.width * eye.height)
  for (let y = 0, i = 0; y < eye.height; y++) {
    for (let x = 0, at = ((top + y) * width + left) * channels; x < eye.width; x++, i++, at += channels) {
      const red = data[at] as number
      const mean = ((data[at + 1] as number) + (data[at + 2] as number)) / 2
      mask[i] = red >= RED_LEAST && red > RED_SHARE * mean ? 1 : 0
    }
  }
  return mask
}

/** Of the regions of ones that hang together by sides or corners, the one with most pixels; undefined without ones. */
function largestRegion(mask: Uint8Array, size: Box): Uint8Array | undefined {
  let largest: number[] = []
  const left = Uint8Array.from(mask)
  for (let start = 0; start < left.length; start++) {
    if (left[start] === 0) continue
    const region = flood(left, size, start, true)
    if (region.length > largest.length) largest = region
  }
  if (largest.length === 0) return undefined
  const alone = new Uint8Array(mask.length)
  for (const at of largest) alone[at] = 1
  return alone
}

/** Clears everything that hangs together with `start` and tells what it was. */
function flood(mask: Uint8Array, { width, height }: Box, start: number, overCorners: boolean): number[] {
  const region = [start]
  mask[start] = 0
  for (let next = 0; next < region.length; next++) {
    const at = region[next] as number
    const x = at % width
    const y = (at - x) / width
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height
        const other = at + dy * width + dx
        if (!isInside || mask[other] === 0 || (!overCorners && dx !== 0 && dy !== 0)) continue
        mask[other] = 0
        region.push(other)
      }
    }
  }
  return region
}

function grow(region: Uint8Array, { width, height }: Box): void {
  const before = Uint8Array.from(region)
  for (let at = 0; at < before.length; at++) {
    if (before[at] === 0) continue
    const x = at % width
    const y = (at - x) / width
    for (let ny = Math.max(0, y - RIM); ny <= Math.min(height - 1, y + RIM); ny++) {
      region.fill(1, ny * width + Math.max(0, x - RIM), ny * width + Math.min(width - 1, x + RIM) + 1)
    }
  }
}

/** What cannot be reached from the edge of the box, such as the glint of the flash, belongs to the region. */
function fillHoles(region: Uint8Array, size: Box): void {
  const { width, height } = size
  const outside = region.map((inside) => 1 - inside)
  const edge = (at: number) => {
    if (outside[at] === 1) flood(outside, size, at, false)
  }
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) edge(y * width + x)
  for (let y = 0; y < height; y++) for (const x of [0, width - 1]) edge(y * width + x)
  // Ones are left where nothing from the edge came.
  for (let at = 0; at < region.length; at++) if (outside[at] === 1) region[at] = 1
}

function neutralise({ data, width, channels }: RawImage, { left, top, ...eye }: Box, region: Uint8Array): void {
  for (let y = 0, i = 0; y < eye.height; y++) {
    for (let x = 0, at = ((top + y) * width + left) * channels; x < eye.width; x++, i++, at += channels) {
      if (region[i] === 0) continue
      const mean = ((data[at + 1] as number) + (data[at + 2] as number)) >> 1
      data.fill(mean, at, at + 3)
    }
  }
}
