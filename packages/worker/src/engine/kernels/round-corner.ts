import type { RawImage } from '../image.ts'

export interface Corners {
  /** Half axes of the ellipse in each corner, px; more than half a side is taken as half a side. */
  readonly radiusX: number
  readonly radiusY: number
  readonly colour: readonly [number, number, number]
  /** Cut away instead of coloured; the picture needs an alpha channel. */
  readonly transparent: boolean
}

// Share of the corner's colour that the innermost pixel of the soft edge keeps.
const SOFTEST = 0.25

/**
 * Rounds the corners, with a soft edge (`thumbor/ext/filters/_round_corner.c`, to the byte): single precision, fractions
 * dropped, the right side a pixel narrower than the left, and a transparent edge darkens colours but keeps alpha.
 * Changes the picture.
 */
export function roundCorners(image: RawImage, corners: Corners): void {
  const a = Math.min(corners.radiusX, Math.floor(image.width / 2))
  const b = Math.min(corners.radiusY, Math.floor(image.height / 2))
  if (a === 0 || b === 0) return
  const brush = createBrush(image, corners)
  for (let y = 0; y <= b; y++) alongRow(brush, image, a, b, y)
  for (let x = 0; x >= -a; x--) alongColumn(brush, image, a, b, x)
}

const { fround, sqrt, trunc } = Math

/** Where the ellipse with half axes `a` and `b` lies at a distance `from` its centre along `b`. */
function ellipse(a: number, b: number, from: number): number {
  return fround(fround(a * fround(sqrt(b * b - from * from))) / b)
}

/** The rows at height `y` above and below the centres of the ellipses: what lies outside them, and the edge. */
function alongRow(brush: Brush, { width, height }: RawImage, a: number, b: number, y: number): void {
  const x = ellipse(-a, b, y)
  const cut = trunc(fround(x + a))
  let length = 0
  for (let at = trunc(fround(x - 1)); at >= -a && trunc(fround(ellipse(b, a, at) + 1)) === y; at--) length++
  const start = trunc(fround(x - length))
  for (const row of [b - y, height - b + y - 1]) {
    for (let column = 0; column < cut; column++) brush.fill(column, row)
    for (let column = 1; column < cut; column++) brush.fill(width - column, row)
    for (let at = Math.max(start, -a), i = 1; at < x; at++, i++) {
      const share = edgeShare(i, length)
      brush.blend(at + a, row, brush.at(cut, row), share)
      brush.blend(width - (at + a), row, brush.at(width - cut, row), share)
    }
  }
}

/** The columns at distance `x` (not positive) from the centres: the edge where it is steeper than it is wide. */
function alongColumn(brush: Brush, { width, height }: RawImage, a: number, b: number, x: number): void {
  const y = ellipse(b, a, x)
  let length = 0
  for (let at = trunc(fround(y + 1)); at < b && trunc(fround(ellipse(-a, b, at) - 1)) === x; at++) length++
  const end = Math.min(trunc(fround(y + length)), b)
  const [upper, lower] = [trunc(fround(b - y)), trunc(fround(height - b + y - 1))]
  for (let at = end, i = 1; at > y; at--, i++) {
    const share = edgeShare(i, length)
    for (const column of [x + a, width - x - a]) {
      brush.blend(column, b - at, brush.at(column, upper), share)
      brush.blend(column, height - b + at - 1, brush.at(column, lower), share)
    }
  }
}

/** How much of the colour of the corner the i-th of `length` pixels of the edge shows. */
function edgeShare(i: number, length: number): number {
  return fround(1 - fround(fround((1 - SOFTEST) * i) / length))
}

interface Brush {
  /**
   * Where a pixel begins. The column `width` is the first pixel of the next row, as in thumbor, whose right side is off
   * by one; undefined behind the last row.
   */
  at(column: number, row: number): number | undefined
  fill(column: number, row: number): void
  /** Mixes the colour with the pixel at `edge`. */
  blend(column: number, row: number, edge: number | undefined, share: number): void
}

function createBrush({ data, width, channels }: RawImage, { colour, transparent }: Corners): Brush {
  const at = (column: number, row: number) => {
    const start = (row * width + column) * channels
    return start >= 0 && start < data.length ? start : undefined
  }
  return {
    at,
    fill(column, row) {
      const start = at(column, row)
      if (start === undefined) return
      data.set(colour, start)
      if (transparent) data[start + 3] = 0
    },
    blend(column, row, edge, share) {
      const start = at(column, row)
      if (start === undefined || edge === undefined) return
      for (const [c, value] of colour.entries()) {
        const inner = fround((data[edge + c] as number) * fround(1 - share))
        data[start + c] = trunc(transparent ? inner : fround(inner + fround(value * share)))
      }
    },
  }
}
