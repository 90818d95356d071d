import sharp, { type Sharp } from 'sharp'
import type { RawFrames, RawImage } from './image.ts'
import type { RefPixels, Step } from './ops.ts'

/** What sharp builds up and runs at once; nothing outside the engine calls its methods. */
export type Pipeline = Sharp

/** A pipeline over pixels in memory. */
export function fromRaw({ data, width, height, channels }: RawImage): Sharp {
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
}

/** A pipeline over the frames of an animation in memory: only good for encoding, scaling would mix neighbours. */
export function fromFrames({ data, width, height, channels, frames }: RawFrames): Sharp {
  return sharp(data, {
    raw: { width, height: height * frames, channels, pageHeight: height },
    limitInputPixels: false,
  })
}

/**
 * A pipeline that begins with the source, so that its metadata can be kept, and shows other pixels. Opaque ones come
 * out exactly; with alpha a byte may be one off. Costs another decoding.
 */
export function inPlaceOf(source: Sharp, { data, width, height, channels }: RawImage): Sharp {
  const covered = source.resize(width, height, { fit: 'fill', kernel: 'nearest' }).composite([
    {
      input: Buffer.from(data.buffer, data.byteOffset, data.length),
      raw: { width, height, channels },
      blend: 'source',
    },
  ])
  return channels === 3 ? covered.removeAlpha() : covered
}

/** Runs a pipeline to 8-bit sRGB pixels with 3 or 4 channels. */
export async function toRaw(image: Sharp): Promise<RawImage> {
  const { data, info } = await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels as RawImage['channels'] }
}

/** Adds the steps of one run to a pipeline. */
export function applyRun(image: Sharp, run: readonly Step[]): Sharp {
  return run.reduce((pipeline, step) => (step.kind === 'sharp' ? step.apply(pipeline) : pipeline), image)
}

/** Runs one run on pixels in memory. */
export async function runOnRaw(image: RawImage, run: readonly Step[], refs: RefPixels): Promise<RawImage> {
  const [first] = run
  if (first?.kind === 'raw') return first.run(image, refs)
  return toRaw(applyRun(fromRaw(image), run))
}
