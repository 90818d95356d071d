import type { Size } from './box.ts'
import { roundHalfEven } from './rounding.ts'

/** Where a watermark goes along one axis (`thumbor/filters/watermark.py`). */
export type Position =
  | { readonly kind: 'center' }
  | { readonly kind: 'repeat' }
  /** From the far edge when `fromEnd` (a leading minus, even of `-0`). Px, or percent of the picture's side. */
  | { readonly kind: 'offset'; readonly value: number; readonly percent: boolean; readonly fromEnd: boolean }

const POSITION = /^(-?)(\d{1,15})(p?)$/

/** `30`, `-30`, `4p`, `-4p`, `center` or `repeat`; anything else is undefined. */
export function parsePosition(text: string): Position | undefined {
  if (text === 'center' || text === 'repeat') return { kind: text }
  const match = POSITION.exec(text)
  if (!match) return undefined
  return { kind: 'offset', value: Number(match[2]), percent: match[3] === 'p', fromEnd: match[1] === '-' }
}

/** Px from the near edge, or back from the far one, for a picture side of `length`. */
export function offsetPixels(position: Position & { readonly kind: 'offset' }, length: number): number {
  // The nudge makes halves go up, as thumbor's does.
  return position.percent ? roundHalfEven((position.value * length) / 100 + 1e-5) : position.value
}

/**
 * Size of the watermark: percent of the picture's sides where more than 0, proportional, inside both when both are.
 * thumbor answers 500 to sizes below 1 px: a side that rounds to 0 is 1 px here, and negative percentages are unset.
 */
export function watermarkSize(picture: Size, mark: Size, widthPercent: number, heightPercent: number): Size {
  const width = (picture.width * Math.max(0, widthPercent)) / 100
  const height = (picture.height * Math.max(0, heightPercent)) / 100
  if (width === 0 && height === 0) return mark
  const byWidth = height === 0 || (width !== 0 && mark.width / width >= mark.height / height)
  const scaled = byWidth
    ? { width, height: (width * mark.height) / mark.width }
    : { width: (height * mark.width) / mark.height, height }
  return { width: Math.max(1, roundHalfEven(scaled.width)), height: Math.max(1, roundHalfEven(scaled.height)) }
}

// Beyond this many tiles a picture is repeated at most MAX_PER_AXIS times each way, with wider gaps.
const MAX_TILES = 100
const MAX_PER_AXIS = 6
// Ours: along one axis thumbor draws any number, and a picture may be ten million pixels long.
const MAX_IN_LINE = 10_000

/** Left top corners of every copy of the watermark, column by column; they may lie outside the picture. */
export function watermarkCorners(picture: Size, mark: Size, x: Position, y: Position): { left: number; top: number }[] {
  let across = repeats(picture.width, mark.width)
  let down = repeats(picture.height, mark.height)
  if (x.kind === 'repeat' && y.kind === 'repeat' && across.count * down.count > MAX_TILES) {
    across = capped(across, picture.width, mark.width)
    down = capped(down, picture.height, mark.height)
  }
  const lefts = starts(x, picture.width, mark.width, across)
  const tops = starts(y, picture.height, mark.height, down)
  return lefts.flatMap((left) => tops.map((top) => ({ left, top })))
}

interface Repeats {
  readonly count: number
  /** Px to share out between the copies. */
  readonly gap: number
}

function repeats(length: number, size: number): Repeats {
  if (length / size < 2) return { count: Math.ceil(length / size), gap: 10 }
  return { count: Math.floor(length / size), gap: length % size }
}

function capped({ count }: Repeats, length: number, size: number): Repeats {
  const fewer = Math.min(count, MAX_PER_AXIS)
  return { count: fewer, gap: length - fewer * size }
}

function starts(position: Position, length: number, size: number, { count, gap }: Repeats): number[] {
  if (position.kind === 'center') return [Math.trunc((length - size) / 2)]
  if (position.kind === 'offset') {
    const offset = offsetPixels(position, length)
    return [position.fromEnd ? length - size - offset : offset]
  }
  const spacing = Math.floor(gap / (Math.max(count, 2) - 1))
  return Array.from({ length: Math.min(count, MAX_IN_LINE) }, (_, i) => i * (size + spacing))
}
