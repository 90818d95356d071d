import type { RawImage } from '../image.ts'

/** Edges of a rectangle, px, all four of them inside of it; it may stick out of the picture. */
export interface Edges {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Draws the outlines of rectangles, white and opaque, one px wide; changes the picture. */
export function outline({ data, width, height, channels }: RawImage, rectangles: readonly Edges[]): void {
  for (const { left, top, right, bottom } of rectangles) {
    const [x0, x1] = [Math.max(left, 0), Math.min(right, width - 1)]
    const [y0, y1] = [Math.max(top, 0), Math.min(bottom, height - 1)]
    for (const y of [top, bottom]) {
      if (y >= 0 && y < height && x0 <= x1) data.fill(255, (y * width + x0) * channels, (y * width + x1 + 1) * channels)
    }
    for (const x of [left, right]) {
      if (x < 0 || x >= width) continue
      for (let y = y0; y <= y1; y++) data.fill(255, (y * width + x) * channels, (y * width + x + 1) * channels)
    }
  }
}
