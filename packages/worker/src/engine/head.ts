import type { Box, Size } from './geometry/box.ts'
import { compose, inverse, type Turn, turnBox, turnSize, UPRIGHT } from './geometry/orientation.ts'
import type { GeometryOp } from './geometry/transform.ts'
import type { SourceFormat, SourceInfo } from './image.ts'
import { crop, cut, resize, type Step, turn } from './ops.ts'

/**
 * Least reduction from which a decoder gives a smaller picture for less work. sharp starts with JPEG only at 3,
 * because it halves the step when the factor would fit exactly (src/pipeline.cc, "known libjpeg rounding errors").
 */
const SHRINKS_FROM: Partial<Readonly<Record<SourceFormat, number>>> = { jpeg: 3, webp: 2, svg: 0 }

/**
 * Farthest an edge of a cut box may lie from where an exact crop would put it, px of the result. A quarter of a
 * pixel of the result is less than a pixel of the source as soon as decoders shrink at all.
 */
const TOLERANCE = 0.25

/** A box of the stored picture, scaled to `size` and then turned: what one pipeline of sharp can do. */
interface Window {
  readonly stored: Size
  readonly box: Box
  readonly size: Size | undefined
  readonly turn: Turn
}

/**
 * The fewest sharp steps with the effect of the geometry operations: crops and turns are carried back to the stored
 * picture, so that decoding, cropping, scaling and turning stay one pipeline and turning comes last, on few pixels.
 */
export function headSteps(ops: readonly GeometryOp[], source: SourceInfo): Step[] {
  const steps: Step[] = []
  let shrinks: number | undefined = SHRINKS_FROM[source.format]
  let window = whole(source)
  for (const op of ops) {
    const next = extend(window, op)
    if (next) {
      window = next
      continue
    }
    // A crop after a resize (only a normalised source has one) starts over on the scaled pixels.
    steps.push(...emit(window, shrinks))
    shrinks = undefined
    window = extend(whole(turnSize(window.turn, window.size ?? window.box)), op) as Window
  }
  steps.push(...emit(window, shrinks))
  return steps
}

function whole({ width, height }: Size): Window {
  return { stored: { width, height }, box: { left: 0, top: 0, width, height }, size: undefined, turn: UPRIGHT }
}

/** The window with one more operation, or undefined when a single pipeline cannot do both. */
function extend(window: Window, op: GeometryOp): Window | undefined {
  switch (op.kind) {
    case 'turn':
      return { ...window, turn: compose(window.turn, op.turn) }
    case 'resize':
      return { ...window, size: turnSize(window.turn, op.size) }
    case 'crop': {
      if (window.size) return undefined
      const box = turnBox(inverse(window.turn), op.box, turnSize(window.turn, window.box))
      return { ...window, box: { ...box, left: window.box.left + box.left, top: window.box.top + box.top } }
    }
  }
}

function emit(window: Window, shrinksFrom: number | undefined): Step[] {
  const { stored, box, size, turn: how } = window
  const target = size ?? { width: box.width, height: box.height }
  const cropped = !same(box, stored)
  const turned = how.mirror || how.degrees !== 0
  const steps: Step[] = []
  const scaled = cropped && shrinksFrom !== undefined ? scaledCut(window, shrinksFrom) : undefined
  if (scaled) {
    steps.push(resize(scaled.whole))
    if (turned) steps.push(turn(how, scaled.whole))
    steps.push(cut(turnBox(how, scaled.box, scaled.whole)))
    return steps
  }
  if (cropped) steps.push(crop(box))
  if (!same(target, box)) steps.push(resize(target))
  if (turned) steps.push(turn(how, target))
  return steps
}

/**
 * The other way round: the whole picture scaled, then the box cut out of it, which keeps shrink-on-load. Undefined
 * when nothing is gained or the box would land too far from its place.
 */
function scaledCut({ stored, box, size }: Window, shrinksFrom: number): { whole: Size; box: Box } | undefined {
  if (!size || Math.min(box.width / size.width, box.height / size.height) < shrinksFrom) return undefined
  const x = scaledAxis(stored.width, box.left, box.width, size.width)
  const y = scaledAxis(stored.height, box.top, box.height, size.height)
  if (x.error > TOLERANCE || y.error > TOLERANCE) return undefined
  return {
    whole: { width: x.whole, height: y.whole },
    box: { left: x.start, top: y.start, width: size.width, height: size.height },
  }
}

/** One axis scaled so that `length` becomes `target`: its new length, where the cut starts, and by how much it misses, px. */
function scaledAxis(stored: number, start: number, length: number, target: number) {
  const exact = (stored * target) / length
  const [a, b] = [Math.floor(exact), Math.ceil(exact)].map((rounded) => {
    const scaled = Math.max(target, rounded)
    const from = (start * scaled) / stored
    const to = ((start + length) * scaled) / stored
    const at = Math.min(Math.max(Math.round((from + to - target) / 2), 0), scaled - target)
    return { whole: scaled, start: at, error: Math.max(Math.abs(from - at), Math.abs(to - at - target)) }
  }) as [Axis, Axis]
  return a.error <= b.error ? a : b
}

interface Axis {
  readonly whole: number
  readonly start: number
  readonly error: number
}

function same(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height
}
