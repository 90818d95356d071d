import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RawImage } from '../image.ts'
import { BLOCK, MEMORY, TAP, tileMemory, weighTile } from './weigh-tile.ts'

/** A rectangle of weights, odd × odd, row by row. */
export interface Matrix {
  readonly weights: ArrayLike<number>
  readonly columns: number
}

// About 10 ms of multiplications: health checks and other requests get their turn in between.
const WORK_PER_TILE = 2e7
// So that the rows under a high matrix stay in the fastest cache.
const WIDEST = 60 * BLOCK

/** A stretch of the picture: bytes of a row, and rows. */
interface Part {
  readonly left: number
  readonly count: number
  readonly top: number
  readonly rows: number
}

/**
 * Weighs the neighbours of every byte by a matrix around it; every channel alike; edges repeat; fractions are dropped
 * (`thumbor/ext/filters/_convolution.c`). Leaves the event loop in between.
 */
export async function weighted(image: RawImage, matrix: Matrix): Promise<RawImage> {
  const { width, height, channels } = image
  const out = new Uint8Array(image.data.length)
  const across = ((matrix.columns - 1) / 2) * channels
  const down = (matrix.weights.length / matrix.columns - 1) / 2
  const tapBytes = matrix.weights.length * TAP
  const stride = width * channels
  const count = Math.min(WIDEST, Math.ceil(stride / BLOCK) * BLOCK)
  const pitch = count + 2 * across
  const room = Math.floor((MEMORY - tapBytes - BLOCK - 2 * down * pitch) / (pitch + count))
  const rows = Math.max(1, Math.min(room, Math.floor(WORK_PER_TILE / (count * matrix.weights.length))))
  for (let top = 0; top < height; top += rows) {
    for (let left = 0; left < stride; left += count) {
      if (top + left > 0) await nextTurn()
      const part = { left, count: Math.min(count, stride - left), top, rows: Math.min(rows, height - top) }
      weighPart(out, image, matrix, part)
    }
  }
  return { ...image, data: out }
}

function weighPart(out: Uint8Array, image: RawImage, { weights, columns }: Matrix, part: Part): void {
  const { width, channels } = image
  const tapCount = weights.length
  const [across, down] = [((columns - 1) / 2) * channels, (tapCount / columns - 1) / 2]
  const count = Math.ceil(part.count / BLOCK) * BLOCK
  const pitch = count + 2 * across
  const view = new DataView(tileMemory.buffer)
  for (let tap = 0; tap < tapCount; tap++) {
    view.setInt32(tap * TAP, Math.floor(tap / columns) * pitch + (tap % columns) * channels, true)
    view.setFloat64(tap * TAP + 8, weights[tap] as number, true)
  }
  const at = tapCount * TAP
  for (let row = 0; row < part.rows + 2 * down; row++) {
    const y = Math.min(Math.max(part.top + row - down, 0), image.height - 1)
    copyRow(image, y, part.left - across, at + row * pitch, part.count + 2 * across)
  }
  // A block past the last row may be read.
  const result = at + (part.rows + 2 * down) * pitch + BLOCK
  weighTile({ at, pitch, count, rows: part.rows, out: result, taps: 0, tapCount })
  for (let row = 0; row < part.rows; row++) {
    const from = result + row * count
    out.set(tileMemory.subarray(from, from + part.count), (part.top + row) * width * channels + part.left)
  }
}

/** Copies `count` bytes of a row from the byte `left` on to `to`; beyond its ends its first and last pixel repeat. */
function copyRow({ data, width, channels }: RawImage, y: number, left: number, to: number, count: number): void {
  const stride = width * channels
  const row = data.subarray(y * stride, (y + 1) * stride)
  const [from, until] = [Math.max(left, 0), Math.min(left + count, stride)]
  tileMemory.set(row.subarray(from, until), to + from - left)
  for (let i = from - left - 1; i >= 0; i--) tileMemory[to + i] = tileMemory[to + i + channels] as number
  for (let i = until - left; i < count; i++) tileMemory[to + i] = tileMemory[to + i - channels] as number
}
