import { makeTable } from './table.ts'

/** Points of a curve through bytes, with rising x; at least two. */
export type CurvePoints = readonly { readonly x: number; readonly y: number }[]

/**
 * What a natural cubic spline through the points makes of every byte: constant before the first and behind the last
 * point, halves rounded away from zero (`thumbor/ext/filters/_curve.c`).
 */
export function curveTable(points: CurvePoints): Uint8Array {
  const value = spline(points)
  return makeTable((byte) => {
    const y = value(byte)
    return Math.sign(y) * Math.round(Math.abs(y))
  })
}

/** The table that does what `first` does and then what `second` does. */
export function joinTables(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.map((byte) => second[byte] as number)
}

/** One stretch between two points, as y + b t + c t² + d t³ with t = x − start. */
interface Piece {
  readonly start: number
  readonly y: number
  readonly b: number
  readonly c: number
  readonly d: number
}

function spline(points: CurvePoints): (x: number) => number {
  const pieces = piecesOf(points)
  const first = points[0] as CurvePoints[number]
  const last = points.at(-1) as CurvePoints[number]
  return (x) => {
    if (x <= first.x) return first.y
    if (x >= last.x) return last.y
    const { start, y, b, c, d } = pieces.findLast((piece) => piece.start < x) as Piece
    const t = x - start
    return y + b * t + c * t * t + d * t * t * t
  }
}

/** Solves the tridiagonal system of a spline whose second derivative is 0 at both ends, by elimination. */
function piecesOf(points: CurvePoints): Piece[] {
  const steps = points.slice(1).map((point, i) => {
    const start = points[i] as CurvePoints[number]
    const width = point.x - start.x
    return { start, width, slope: (point.y - start.y) / width }
  })
  const forward = [{ ratio: 0, value: 0 }]
  for (let i = 1; i < steps.length; i++) {
    const [before, here] = [steps[i - 1] as (typeof steps)[number], steps[i] as (typeof steps)[number]]
    const { ratio, value } = forward[i - 1] as (typeof forward)[number]
    const pivot = 2 * (before.width + here.width) - before.width * ratio
    const right = 3 * (here.slope - before.slope)
    forward.push({ ratio: here.width / pivot, value: (right - before.width * value) / pivot })
  }
  const pieces: Piece[] = []
  let next = 0
  for (let i = steps.length - 1; i >= 0; i--) {
    const { start, width, slope } = steps[i] as (typeof steps)[number]
    const { ratio, value } = forward[i] as (typeof forward)[number]
    const c = value - ratio * next
    const b = slope - (width * (next + 2 * c)) / 3
    pieces.unshift({ start: start.x, y: start.y, b, c, d: (next - c) / (3 * width) })
    next = c
  }
  return pieces
}
