import type { RawImage } from '../image.ts'
import { powerOfE } from './power-of-e.ts'
import { weighted } from './weighted-tiles.ts'

/** Largest radius; greater ones are taken as this, as in `thumbor/filters/blur.py`. */
export const MAX_RADIUS = 150

/**
 * Gaussian weights for 2 × radius + 1 neighbours (`thumbor/filters/blur.py`, generate_1d_matrix); their sum is not
 * quite 1. A sigma of 0 is the radius as written, before it is capped; one too small to be squared leaves the middle.
 */
export function gaussian(radius: number, sigma: number): Float64Array {
  const spread = sigma === 0 ? radius : sigma
  const reach = Math.min(radius, MAX_RADIUS)
  const twoSigmaSquared = 2 * spread * spread
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const x = i - reach
    if (twoSigmaSquared === 0) return x === 0 ? 1 : 0
    return powerOfE((x * x) / twoSigmaSquared) / Math.sqrt(twoSigmaSquared * Math.PI)
  })
}

/**
 * Gaussian blur, first along rows, then along columns; every channel alike, alpha included and not premultiplied;
 * edges repeat; fractions are dropped after each pass (`thumbor/filters/blur.py`).
 */
export async function gaussianBlur(image: RawImage, radius: number, sigma: number): Promise<RawImage> {
  const raw = gaussian(radius, sigma)
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  const weights = raw.map((weight) => weight / total)
  const alongRows = await weighted(image, { weights, columns: weights.length })
  return weighted(alongRows, { weights, columns: 1 })
}
