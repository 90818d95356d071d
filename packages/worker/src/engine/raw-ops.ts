import type { Box, Size } from './geometry/box.ts'
import { gaussianBlur } from './kernels/blur.ts'
import { canvas, faded, meanColour, paste, type Rgba, withAlpha } from './kernels/composite.ts'
import { drawNinePatch, type NinePatch } from './kernels/nine-patch.ts'
import { correctRedEyes } from './kernels/red-eye.ts'
import { type Corners, roundCorners } from './kernels/round-corner.ts'
import { blurWork } from './neighbour-ops.ts'
import type { RawStep } from './ops.ts'
import { resample } from './resample.ts'

const CHANNELS = 4

function area({ width, height }: Size): number {
  return width * height * CHANNELS
}

/** What lies behind a picture: one colour, its own mean colour, or itself blurred and stretched. */
export type Backdrop = Rgba | 'auto' | 'blur'

// Radius and sigma of the blurred backdrop (`thumbor/filters/fill.py`).
const BACKDROP_BLUR = 50

/** Puts the picture in the middle of a canvas; `blend` lays transparent pixels over the backdrop instead of keeping them. */
export function onCanvas(size: Size, target: Size, backdrop: Backdrop, blend: boolean): RawStep {
  const at = { left: Math.floor((target.width - size.width) / 2), top: Math.floor((target.height - size.height) / 2) }
  return {
    kind: 'raw',
    op: 'canvas',
    params: { ...target, backdrop: typeof backdrop === 'string' ? backdrop : backdrop.join(' '), blend },
    size: target,
    work: area(target) + (backdrop === 'blur' ? blurWork(size, BACKDROP_BLUR) : 0),
    run: async (image) => {
      const picture = withAlpha(image)
      const bottom = await drawBackdrop(picture, target, backdrop)
      await paste(bottom, picture, at, blend ? 'merge' : 'replace')
      return bottom
    },
  }
}

async function drawBackdrop(picture: ReturnType<typeof withAlpha>, target: Size, backdrop: Backdrop) {
  if (backdrop !== 'blur') {
    const colour = backdrop === 'auto' ? meanColour(picture) : backdrop
    return canvas(target.width, target.height, colour)
  }
  const clear = canvas(picture.width, picture.height, [0, 0, 0, 0])
  await paste(clear, picture, { left: 0, top: 0 }, 'merge')
  return resample(await gaussianBlur(clear, BACKDROP_BLUR, BACKDROP_BLUR), target)
}

export interface Overlay {
  /** The source to draw, as written in the filter. */
  readonly ref: string
  /** What it is scaled to, px. */
  readonly size: Size
  /** 0 opaque to 100 invisible. */
  readonly transparency: number
  /** Left top corner of every copy; copies may stick out. */
  readonly corners: readonly { readonly left: number; readonly top: number }[]
}

/** Draws another picture on this one, once or many times. */
export function overlaid(size: Size, { ref, size: scaled, transparency, corners }: Overlay): RawStep {
  return {
    kind: 'raw',
    op: 'overlay',
    params: { ref, ...scaled, transparency, copies: corners.length },
    size,
    work: area(size) + area(scaled) * (corners.length + 1),
    beside: scaled,
    run: async (image, refs) => {
      const bottom = withAlpha(image)
      const drawn = bottom === image ? { ...image, data: new Uint8Array(image.data) } : bottom
      const mark = faded(await refs.load(ref, scaled), transparency)
      for (const corner of corners) await paste(drawn, mark, corner, 'merge')
      return drawn
    },
  }
}

/** Rounds the corners, in a colour or away. */
export function roundedCorners(size: Size, corners: Corners): RawStep {
  const { radiusX, radiusY, colour, transparent } = corners
  return {
    kind: 'raw',
    op: 'round_corner',
    params: { radiusX, radiusY, colour: colour.join(' '), transparent },
    size,
    work: area(size),
    run: (image) => {
      const drawn = { ...image, data: new Uint8Array(image.data) }
      const picture = transparent ? withAlpha(drawn) : drawn
      roundCorners(picture, corners)
      return picture
    },
  }
}

const WHITE: Rgba = [255, 255, 255, 255]
// Four neighbours of four channels are mixed for each pixel.
const FRAME_WORK = 4

/** Puts the picture on white and a frame over it; the picture grows by the padding of the frame. */
export function framed(size: Size, ref: string, frame: Size, patch: NinePatch): RawStep {
  const { left, top, right, bottom } = patch.padding
  const grown = { width: left + size.width + right, height: top + size.height + bottom }
  return {
    kind: 'raw',
    op: 'frame',
    params: { ref, left, top, right, bottom },
    size: grown,
    work: area(grown) * FRAME_WORK,
    beside: { width: frame.width, height: frame.height },
    run: async (image, refs) => {
      const drawn = canvas(grown.width, grown.height, WHITE)
      await paste(drawn, withAlpha(image), { left, top }, 'merge')
      await drawNinePatch(drawn, await refs.load(ref), patch)
      return drawn
    },
  }
}

// Marking, growing and filling, per channel of every pixel of a box.
const EYE_WORK = 20

/** Takes the red out of the pupils in these boxes. */
export function withoutRedEyes(size: Size, eyes: readonly Box[]): RawStep {
  return {
    kind: 'raw',
    op: 'red_eye',
    params: { eyes: eyes.map(({ left, top, width, height }) => `${left},${top},${width},${height}`).join(' ') },
    size,
    work: eyes.reduce((work, eye) => work + area(eye) * EYE_WORK, 0),
    run: (image) => {
      const corrected = { ...image, data: new Uint8Array(image.data) }
      correctRedEyes(corrected, eyes)
      return corrected
    },
  }
}
