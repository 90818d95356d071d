import type { Box, Size } from './geometry/box.ts'
import { compose, inverse, type Turn, turnBox, turnSize, UPRIGHT } from './geometry/orientation.ts'
import type { GeometryOp } from './geometry/transform.ts'
import type { SourceFormat, SourceInfo } from './image.ts'
import { crop, cut, resize, type Step, turn } from './ops.ts'

/**
 * Least reduction from which a decoder gives a smaller picture for less work. sharp starts with JPEG only at 3,
 * because it halves the step when the factor would fit exactly (src/pipeline.cc, "known libjpeg rounding errors").
 */
const SHRINKS_FROM: Partial<Readonly<Record<SourceFormat, number>>> = { jpeg: 3, webp: 2, svg: 1 }

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
 * Two pipelines are used only where that is faster and `mayPassMemory`: metadata does not follow through raw pixels.
 */
export function headSteps(ops: readonly GeometryOp[], source: SourceInfo, mayPassMemory: boolean): Step[] {
  const steps: Step[] = []
  // Frames are decoded whole and cut out of memory.
  const shrinksFrom = source.pages > 1 ? undefined : SHRINKS_FROM[source.format]
  let decoder: Decoder | undefined = shrinksFrom === undefined ? undefined : { shrinksFrom, mayPassMemory }
  let window = whole(source)
  for (const op of ops) {
    const next = extend(window, op)
    if (next) {
      window = next
      continue
    }
    // A crop after a resize (only a normalised source has one) starts over on the scaled pixels.
    steps.push(...emit(window, decoder))
    decoder = undefined
    window = extend(whole(turnSize(window.turn, window.size ?? window.box)), op) as Window
  }
  steps.push(...emit(window, decoder))
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

/** What is won by scaling while decoding; absent where there is nothing to win. */
interface Decoder {
  readonly shrinksFrom: number
  readonly mayPassMemory: boolean
}

function emit(window: Window, decoder: Decoder | undefined): Step[] {
  const { stored, box, size, turn: how } = window
  const target = size ?? { width: box.width, height: box.height }
  const cropped = !same(box, stored)
  const turned = how.mirror || how.degrees !== 0
  const steps: Step[] = []
  const scaled = cropped && decoder ? scaledCut(window, decoder.shrinksFrom) : undefined
  if (scaled) {
    steps.push(resize(scaled.whole))
    if (turned) steps.push(turn(how, scaled.whole))
    steps.push(cut(turnBox(how, scaled.box, scaled.whole)))
    return steps
  }
  const finer = cropped && decoder?.mayPassMemory ? finerCut(window, decoder.shrinksFrom) : undefined
  if (finer) steps.push(resize(finer.whole), crop(finer.box), resize(target))
  else {
    if (cropped) steps.push(crop(box))
    if (!same(target, box)) steps.push(resize(target))
  }
  if (turned) steps.push(turn(how, target))
  return steps
}

/**
 * The other way round: the whole picture scaled, then the box cut out of it, which keeps shrink-on-load. Undefined
 * when nothing is gained or the box would land too far from its place.
 */
function scaledCut({ stored, box, size }: Window, shrinksFrom: number): ScaledCut | undefined {
  if (!size || reduction(box, size) < shrinksFrom) return undefined
  const x = scaledAxis(stored.width, box.left, box.width, size.width)
  const y = scaledAxis(stored.height, box.top, box.height, size.height)
  if (x.error > TOLERANCE || y.error > TOLERANCE) return undefined
  return {
    whole: { width: x.whole, height: y.whole },
    box: { left: x.start, top: y.start, width: size.width, height: size.height },
  }
}

/**
 * In between, for boxes that do not land on whole pixels of the result: the whole picture scaled to a finer size on
 * which they nearly do, then cropped and scaled again in memory. Undefined when the finer size leaves no reduction.
 */
function finerCut({ stored, box, size }: Window, shrinksFrom: number): ScaledCut | undefined {
  if (!size || reduction(box, size) < FINER_PAYS_FROM) return undefined
  const x = finerAxis(stored.width, box.left, box.width, size.width, shrinksFrom)
  const y = finerAxis(stored.height, box.top, box.height, size.height, shrinksFrom)
  if (!x || !y) return undefined
  return {
    whole: { width: x.whole, height: y.whole },
    box: { left: x.start, top: y.start, width: x.length, height: y.length },
  }
}

interface ScaledCut {
  readonly whole: Size
  readonly box: Box
}

function reduction(box: Size, size: Size): number {
  return Math.min(box.width / size.width, box.height / size.height)
}

interface Axis {
  readonly whole: number
  readonly start: number
  readonly length: number
  /** Farthest an edge lies from its place, px of the result. */
  readonly error: number
}

/** One axis scaled so that `length` becomes `target`. */
function scaledAxis(stored: number, start: number, length: number, target: number): Axis {
  const exact = (stored * target) / length
  const axis = (rounded: number): Axis => {
    const whole = Math.max(target, rounded)
    const [from, to] = [(start * whole) / stored, ((start + length) * whole) / stored]
    const at = Math.min(Math.max(Math.round((from + to - target) / 2), 0), whole - target)
    return { whole, start: at, length: target, error: Math.max(Math.abs(from - at), Math.abs(to - at - target)) }
  }
  const [down, up] = [axis(Math.floor(exact)), axis(Math.ceil(exact))]
  return down.error <= up.error ? down : up
}

// Measured on JPEG of 24 MP, against cropping first: 76 to 98 ms at a reduction of 8, 42 to 86 ms at 20. At 5 it loses.
const FINER_PAYS_FROM = 8
// A finer size is this many times the size of the result at least and at most; more would cost what shrinking saves.
const FINER_FROM = 1.5
const FINER_TO = 2.5
// Sizes tried; among so many one lies well.
const MAX_TRIES = 200

/** One axis scaled to the size, between the bounds, on which both edges of the box lie nearest to whole pixels. */
function finerAxis(
  stored: number,
  start: number,
  length: number,
  target: number,
  shrinksFrom: number,
): Axis | undefined {
  const exact = (stored * target) / length
  const first = Math.ceil(exact * FINER_FROM)
  const last = Math.min(Math.floor(exact * FINER_TO), Math.floor(stored / shrinksFrom), first + MAX_TRIES)
  let best: Axis | undefined
  for (let whole = first; whole <= last; whole++) {
    const [from, to] = [(start * whole) / stored, ((start + length) * whole) / stored]
    const [left, right] = [Math.round(from), Math.round(to)]
    const error = (Math.max(Math.abs(from - left), Math.abs(to - right)) * exact) / whole
    if (!best || error < best.error) best = { whole, start: left, length: right - left, error }
  }
  return best && best.error <= TOLERANCE ? best : undefined
}

function same(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height
}
