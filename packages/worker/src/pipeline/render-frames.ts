import { open } from '../engine/decode.ts'
import { encodeAs, finish } from '../engine/encode.ts'
import { fromFrames, runOnRaw } from '../engine/execute.ts'
import { createStrip, decodeFrames } from '../engine/frames.ts'
import type { RawFrames } from '../engine/image.ts'
import { keepMetadata } from '../engine/metadata.ts'
import type { RefPixels } from '../engine/ops.ts'
import { segments } from '../engine/segments.ts'
import { encodeWithin } from './max-bytes.ts'
import type { Plan } from './plan.ts'
import type { Rendered } from './types.ts'

/**
 * Carries a plan out on an animation. Frames are decoded in groups and drawn one after another, each as if it were a
 * still: sharp by itself would scale across their borders, and cannot turn them. Of a damaged file the frames before
 * the damage are shown. EXIF and the like come along only where nothing is drawn. Throws SOURCE_UNDECODABLE, and the
 * signal's reason between two frames.
 */
export async function renderFrames(
  plan: Plan,
  source: Buffer,
  refs: RefPixels,
  signal: AbortSignal | undefined,
): Promise<Rendered> {
  if (plan.steps.length === 0 && plan.encoding.maxBytes === undefined) {
    const untouched = await passThrough(plan, source)
    if (untouched) return untouched
  }
  const started = performance.now()
  const { strip, drawing } = await drawFrames(plan, source, refs, signal)
  const drawn = performance.now()
  const { animation } = plan.encoding
  const encoding = {
    ...plan.encoding,
    animation: animation && { ...animation, delays: animation.delays.slice(0, strip.frames) },
  }
  const data = await encodeWithin(() => fromFrames(strip), encoding, signal)
  return {
    data,
    format: encoding.format,
    width: strip.width,
    height: strip.height,
    timings: { decode: drawn - started - drawing, render: drawing, encode: performance.now() - drawn },
  }
}

/**
 * All frames from decoder to encoder in one pass, which holds few of them in memory and keeps the metadata. Undefined
 * when it fails: whether that is a broken frame, and which, shows only frame by frame.
 */
async function passThrough(plan: Plan, source: Buffer): Promise<Rendered | undefined> {
  const started = performance.now()
  const image = open(source, plan.source, { first: 0, count: plan.frames })
  try {
    const data = await encodeAs(keepMetadata(image, plan.metadata), plan.encoding).toBuffer()
    const timings = { decode: 0, render: performance.now() - started, encode: 0 }
    const { width, height } = plan.size
    return { data: finish(data, plan.encoding), format: plan.encoding.format, width, height, timings }
  } catch {
    return undefined
  }
}

async function drawFrames(
  plan: Plan,
  source: Buffer,
  refs: RefPixels,
  signal: AbortSignal | undefined,
): Promise<{ strip: RawFrames; drawing: number }> {
  const runs = segments(plan.steps)
  const strip = createStrip(plan.frames)
  let drawing = 0
  for await (const frame of decodeFrames(source, plan.source)) {
    signal?.throwIfAborted()
    const from = performance.now()
    let image = frame
    for (const run of runs) image = await runOnRaw(image, run, refs)
    strip.add(image)
    drawing += performance.now() - from
  }
  return { strip: strip.frames(), drawing }
}
