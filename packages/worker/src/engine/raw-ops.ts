import type { Size } from './geometry/box.ts'
import { gaussianBlur, MAX_RADIUS } from './kernels/blur.ts'
import { canvas, faded, meanColour, paste, type Rgba, withAlpha } from './kernels/composite.ts'
import { brightnessTable, contrastTable, throughTable } from './kernels/table.ts'
import type { RawStep } from './ops.ts'
import { resample } from './resample.ts'

const CHANNELS = 4

function area({ width, height }: Size): number {
  return width * height * CHANNELS
}

/** Adds a share of 255 to every colour channel; the percentage may be any integer. */
export function brighten(size: Size, percent: number): RawStep {
  const table = brightnessTable(percent)
  const run: RawStep['run'] = (image) => throughTable(image, table)
  return { kind: 'raw', op: 'brightness', params: { percent }, size, work: area(size), run }
}

/** Spreads every colour channel around the middle; the percentage may be any integer. */
export function spread(size: Size, percent: number): RawStep {
  const table = contrastTable(percent)
  const run: RawStep['run'] = (image) => throughTable(image, table)
  return { kind: 'raw', op: 'contrast', params: { percent }, size, work: area(size), run }
}

/** Gaussian blur; the radius is cut to 150 px, a sigma of 0 is the radius. */
export function blurred(size: Size, radius: number, sigma: number): RawStep {
  const run: RawStep['run'] = (image) => gaussianBlur(image, radius, sigma)
  return { kind: 'raw', op: 'blur', params: { radius, sigma }, size, work: blurWork(size, radius), run }
}

function blurWork(size: Size, radius: number): number {
  return area(size) * 2 * (2 * Math.min(radius, MAX_RADIUS) + 1)
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
      const drawn = bottom === image ? { ...image, data: Uint8Array.from(image.data) } : bottom
      const mark = faded(await refs.load(ref, scaled), transparency)
      for (const corner of corners) await paste(drawn, mark, corner, 'merge')
      return drawn
    },
  }
}
