import type { Sharp } from 'sharp'
import type { Box, Size } from './geometry/box.ts'
import type { Turn } from './geometry/orientation.ts'
import { turnSize } from './geometry/orientation.ts'
import type { RawImage } from './image.ts'

/** Parameters of a step, for explain and logs. */
export type StepParams = Readonly<Record<string, string | number | boolean>>

/** The operations of sharp in use, in the order sharp runs them, whatever the order of the calls (src/pipeline.cc). */
export const SLOTS = {
  crop: 10,
  resize: 20,
  turn: 30,
  cut: 60,
  recomb: 130,
} as const

/** One call of sharp. Steps with rising slots can share one pipeline. */
export interface SharpStep {
  readonly kind: 'sharp'
  readonly op: keyof typeof SLOTS
  readonly slot: number
  readonly params: StepParams
  /** After the step, px. */
  readonly size: Size
  apply(image: Sharp): Sharp
}

/** Other sources a step may ask for while it runs. */
export interface RefPixels {
  /** RGBA, scaled to `size` when given. Throws SOURCE_UNDECODABLE. */
  load(ref: string, size?: Size): Promise<RawImage>
}

/** A function on pixels in memory, for what sharp lacks or does not do exactly. */
export interface RawStep {
  readonly kind: 'raw'
  readonly op: string
  readonly params: StepParams
  readonly size: Size
  /** Estimated number of multiplications; the plan bounds their sum. */
  readonly work: number
  /** Another picture of this size is held in memory meanwhile, px. */
  readonly beside?: Size
  run(image: RawImage, refs: RefPixels): RawImage | Promise<RawImage>
}

export type Step = SharpStep | RawStep

function step(op: keyof typeof SLOTS, params: StepParams, size: Size, apply: (image: Sharp) => Sharp): SharpStep {
  return { kind: 'sharp', op, slot: SLOTS[op], params, size, apply }
}

/** Cuts a box out before anything else. JPEG sources lose shrink-on-load by it. */
export function crop(box: Box): SharpStep {
  const { left, top, width, height } = box
  return step('crop', { left, top, width, height }, { width, height }, (image) => image.extract(box))
}

/** Scales to exactly this size, Lanczos3. */
export function resize({ width, height }: Size): SharpStep {
  return step('resize', { width, height }, { width, height }, (image) =>
    image.resize(width, height, { fit: 'fill', kernel: 'lanczos3' }),
  )
}

/** Mirrors and turns by quarter turns. */
export function turn(how: Turn, size: Size): SharpStep {
  return step('turn', { mirror: how.mirror, degrees: how.degrees }, turnSize(how, size), (image) => {
    const mirrored = how.mirror ? image.flop() : image
    return how.degrees === 0 ? mirrored : mirrored.rotate(how.degrees)
  })
}

/** Cuts a box out after resizing and turning. Only meaningful in a run with a resize. */
export function cut(box: Box): SharpStep {
  const { left, top, width, height } = box
  return step('cut', { left, top, width, height }, { width, height }, (image) => image.extract(box))
}

// ITU-R 601-2 luma, the weights of Pillow's "L" mode.
const LUMA = [0.299, 0.587, 0.114] as const

/** Gray by ITU-R 601 luma; alpha stays. */
export function luma(size: Size): SharpStep {
  return step('recomb', { weights: 'itu-601' }, size, (image) =>
    image.toColourspace('srgb').recomb([[...LUMA], [...LUMA], [...LUMA]]),
  )
}
