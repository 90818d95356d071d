import { setImmediate as nextTurn } from 'node:timers/promises'
import { inSlices } from '../slices.ts'

const LEVELS = 5

/** How far a pixel counts: the distances of all levels together, 1 + 2 + 4 + 8 + 16 px. */
export const REACH = 2 ** LEVELS - 1

/** Rows `from` to `to` (exclusive) of one channel of a picture. */
export interface Plane {
  readonly values: Float32Array
  readonly width: number
  readonly from: number
  readonly to: number
  /** Rows of the whole picture, at whose edges rows are mirrored. */
  readonly height: number
}

/**
 * Splits a plane into five levels of detail and a rest (à-trous wavelets of the kernel 1 2 1), multiplies each level by
 * `gain` and adds all up again. Up to REACH rows at its upper and lower end are not meaningful where the picture goes on.
 */
export async function scaleDetails(plane: Plane, gain: (level: number) => number): Promise<Float32Array> {
  const sum = new Float32Array(plane.values.length)
  let base = plane.values
  let next: Float32Array = new Float32Array(sum.length)
  const across = new Float32Array(sum.length)
  for (let level = 0; level < LEVELS; level++) {
    await smoothRows(across, base, plane, 2 ** level)
    await smoothColumns(next, across, plane, 2 ** level, { sum, base, gain: gain(level) })
    const spare = base === plane.values ? new Float32Array(sum.length) : base
    base = next
    next = spare
    await nextTurn()
  }
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (base[i] as number)
  return sum
}

async function smoothRows(out: Float32Array, values: Float32Array, plane: Plane, step: number): Promise<void> {
  const { width } = plane
  const edge = Math.min(step, width)
  await inSlices(plane.to - plane.from, width * 2, (from, to) => {
    for (let row = from; row < to; row++) {
      const at = row * width
      const smoothEdge = (x: number) => {
        const left = values[at + mirrored(x - step, width)] as number
        out[at + x] = (2 * (values[at + x] as number) + left + (values[at + mirrored(x + step, width)] as number)) / 4
      }
      for (let x = 0; x < edge; x++) smoothEdge(x)
      for (let i = at + step; i < at + width - step; i++) {
        out[i] = (2 * (values[i] as number) + (values[i - step] as number) + (values[i + step] as number)) / 4
      }
      for (let x = Math.max(edge, width - step); x < width; x++) smoothEdge(x)
    }
  })
}

/** What a level of detail is added to, on the way: the difference of `base` and the smoothed plane times `gain`. */
interface Details {
  readonly sum: Float32Array
  readonly base: Float32Array
  readonly gain: number
}

async function smoothColumns(
  out: Float32Array,
  values: Float32Array,
  plane: Plane,
  step: number,
  { sum, base, gain }: Details,
): Promise<void> {
  const { width, height } = plane
  const { fround } = Math
  const rows = plane.to - plane.from
  const rowAt = (y: number) => Math.min(Math.max(mirrored(y, height) - plane.from, 0), rows - 1) * width
  await inSlices(rows, width * 4, (from, to) => {
    for (let row = from; row < to; row++) {
      const at = row * width
      const above = rowAt(plane.from + row - step) - at
      const below = rowAt(plane.from + row + step) - at
      for (let i = at; i < at + width; i++) {
        const sides = (values[i + above] as number) + (values[i + below] as number)
        const smooth = fround((2 * (values[i] as number) + sides) / 4)
        out[i] = smooth
        sum[i] = (sum[i] as number) + ((base[i] as number) - smooth) * gain
      }
    }
  })
}

/** The place inside 0 … length − 1 that stands for one outside: back and forth, the edge itself not doubled. */
function mirrored(at: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const inside = ((at % period) + period) % period
  return inside < length ? inside : period - inside
}
