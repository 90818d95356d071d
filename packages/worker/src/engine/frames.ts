import { ImgsvcError } from '@imgsvc/core/errors'
import { type FrameRange, open } from './decode.ts'
import { toRaw } from './execute.ts'
import type { RawFrames, RawImage, SourceInfo } from './image.ts'

/**
 * Pixels decoded at once, 96 MB as RGBA. Decoders begin at the first frame every time: the largest animation that the
 * default limit lets pass is decoded twice over, all but the very large ones once.
 */
const PIXELS_AT_ONCE = 24_000_000

/**
 * The frames of an animation, in order, as a viewer shows them. A damaged file gives the frames before the damage.
 * Throws SOURCE_UNDECODABLE when not even the first can be decoded.
 */
export async function* decodeFrames(
  bytes: Buffer,
  source: SourceInfo,
  pixelsAtOnce: number = PIXELS_AT_ONCE,
): AsyncGenerator<RawImage, void> {
  const { width, height, pages } = source
  const atOnce = Math.max(1, Math.floor(pixelsAtOnce / (width * height)))
  for (let first = 0; first < pages; first += atOnce) {
    const wanted = Math.min(atOnce, pages - first)
    const strip = await decodeMost(bytes, source, { first, count: wanted })
    const got = strip.height / height
    for (let i = 0; i < got; i++) yield frameOf(strip, i, height)
    if (got < wanted) return
  }
}

function frameOf({ data, width, channels }: RawImage, index: number, height: number): RawImage {
  const length = width * height * channels
  return { data: data.subarray(index * length, (index + 1) * length), width, height, channels }
}

/** As many of these frames as can be decoded, one below the other: libvips gives none if one of them is broken. */
async function decodeMost(bytes: Buffer, source: SourceInfo, { first, count }: FrameRange): Promise<RawImage> {
  let strip: RawImage = { data: new Uint8Array(0), width: source.width, height: 0, channels: 4 }
  let [good, bad] = [0, count + 1]
  let cause: unknown
  for (let some = count; some > good; some = Math.floor((good + bad) / 2)) {
    try {
      strip = await toRaw(open(bytes, source, { first, count: some }))
      good = some
    } catch (error) {
      cause = error
      bad = some
    }
  }
  if (first === 0 && good === 0) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `no frame of the ${source.format} can be decoded`, { cause })
  }
  return strip
}

/** Takes the finished frames of one animation, all of one size, at most `most` of them. */
export interface Strip {
  /** Copies the frame. Throws INTERNAL when it is unlike the first. */
  add(frame: RawImage): void
  /** What was added; at least one frame. */
  frames(): RawFrames
}

/** The memory for all frames is taken when the first is known. */
export function createStrip(most: number): Strip {
  let first: RawImage | undefined
  let all = Buffer.alloc(0)
  let count = 0
  return {
    add(frame) {
      if (!first) {
        first = frame
        all = Buffer.allocUnsafe(most * frame.data.length)
      }
      if (frame.width !== first.width || frame.data.length !== first.data.length || count === most) {
        throw new ImgsvcError('INTERNAL', `frame ${count + 1} of ${most} is ${frame.width}x${frame.height}`)
      }
      all.set(frame.data, count++ * frame.data.length)
    },
    frames() {
      if (!first) throw new ImgsvcError('INTERNAL', 'an animation without frames')
      const { width, height, channels, data } = first
      return { data: all.subarray(0, count * data.length), width, height, channels, frames: count }
    },
  }
}
