import { ImgsvcError } from '@imgsvc/core/errors'
import { open } from '../engine/decode.ts'
import { encodeAs, finish } from '../engine/encode.ts'
import { applyRun, fromRaw, inPlaceOf, type Pipeline, runOnRaw, toRaw } from '../engine/execute.ts'
import type { Size } from '../engine/geometry/box.ts'
import type { RawImage } from '../engine/image.ts'
import { isOpaque } from '../engine/kernels/opaque.ts'
import { keepMetadata, needsSource, preparedSource } from '../engine/metadata.ts'
import type { RefPixels, Step } from '../engine/ops.ts'
import { loadRef } from '../engine/ref.ts'
import { segments } from '../engine/segments.ts'
import { encodeWithin } from './max-bytes.ts'
import type { Plan } from './plan.ts'
import { renderFrames } from './render-frames.ts'
import type { Rendered } from './types.ts'

/**
 * Carries a plan out. The common case, sharp steps that fit one pipeline, decodes, resizes and encodes in one pass;
 * otherwise the picture is raw pixels between the runs. Throws SOURCE_UNDECODABLE when the source or a reference
 * cannot be decoded, the signal's reason between two passes, and RENDER_FAILED for anything else.
 */
export async function render(
  planned: Plan,
  original: Buffer,
  refs: ReadonlyMap<string, Buffer>,
  signal?: AbortSignal,
): Promise<Rendered> {
  const prepared = preparedSource(original, planned.source, planned.metadata, planned.encoding.format)
  const { bytes: source, metadata } = prepared
  const plan = { ...planned, metadata }
  const runs = segments(plan.steps)
  const head = runs[0]?.[0]?.kind === 'sharp' ? (runs.shift() as Step[]) : []
  const opened = () => applyRun(open(source, plan.source), head)
  try {
    if (plan.frames > 1) return await renderFrames(plan, source, refPixels(plan, refs), signal)
    const inOnePass = runs.length === 0 && plan.encoding.maxBytes === undefined && plan.ifTransparent === undefined
    if (inOnePass) return await onePass(plan, opened())
    return await throughRaw(plan, source, { image: opened(), runs }, refPixels(plan, refs), signal)
  } catch (error) {
    if (error instanceof ImgsvcError || signal?.aborted) throw error
    throw await blame(error, plan, source)
  }
}

async function onePass(plan: Plan, image: Pipeline): Promise<Rendered> {
  const started = performance.now()
  const { data, info } = await encodeAs(keepMetadata(image, plan.metadata), plan.encoding).toBuffer({
    resolveWithObject: true,
  })
  const render = performance.now() - started
  return {
    data: finish(data, plan.encoding),
    format: plan.encoding.format,
    ...sides(info),
    timings: { decode: 0, render, encode: 0 },
  }
}

interface Work {
  /** The first run, from the source. */
  readonly image: Pipeline
  readonly runs: readonly Step[][]
}

async function throughRaw(
  plan: Plan,
  source: Buffer,
  { image, runs }: Work,
  refs: RefPixels,
  signal: AbortSignal | undefined,
): Promise<Rendered> {
  const started = performance.now()
  let pixels = await toRaw(image)
  const decoded = performance.now()
  for (const run of runs) {
    signal?.throwIfAborted()
    pixels = await runOnRaw(pixels, run, refs)
  }
  const rendered = performance.now()
  const finished = pixels
  const encoding = plan.ifTransparent && !(await isOpaque(finished)) ? plan.ifTransparent : plan.encoding
  const canvas = () => (needsSource(plan.metadata) ? inPlaceOf(open(source, plan.source), finished) : fromRaw(finished))
  const start = () => keepMetadata(canvas(), { ...plan.metadata, icc: false })
  const data = await encodeWithin(start, encoding, signal)
  return {
    data,
    format: encoding.format,
    ...sides(pixels),
    timings: { decode: decoded - started, render: rendered - decoded, encode: performance.now() - rendered },
  }
}

/** The last reference is kept, so that a filter repeated many times decodes it once. */
function refPixels(plan: Plan, refs: ReadonlyMap<string, Buffer>): RefPixels {
  const load = async (ref: string, size: Size | undefined) => {
    const [bytes, info] = [refs.get(ref), plan.refs.get(ref)]
    if (!bytes || !info) throw new ImgsvcError('INTERNAL', `the source ${ref} of a filter was not fetched`)
    return loadRef(ref, bytes, info, size)
  }
  let last: { readonly key: string; readonly image: Promise<RawImage> } | undefined
  return {
    load(ref, size) {
      const key = `${size?.width}x${size?.height} ${ref}`
      if (last?.key !== key) last = { key, image: load(ref, size) }
      return last.image
    },
  }
}

/** Whose fault a failed pipeline is: libvips fuses decoding and encoding, so the source is decoded once more alone. */
async function blame(error: unknown, plan: Plan, source: Buffer): Promise<ImgsvcError> {
  // A drawing has no pixels of its own: whether it can be decoded depends on the size it is drawn at.
  if (plan.source.format === 'svg') {
    return new ImgsvcError('SOURCE_UNDECODABLE', 'the svg cannot be drawn at this size', { cause: error })
  }
  try {
    await open(source, plan.source)
      .resize(1, 1, { fit: 'fill', kernel: 'nearest', fastShrinkOnLoad: false })
      .raw()
      .toBuffer()
  } catch (cause) {
    return new ImgsvcError('SOURCE_UNDECODABLE', `the ${plan.source.format} cannot be decoded`, { cause })
  }
  return new ImgsvcError('RENDER_FAILED', undefined, { cause: error })
}

function sides({ width, height }: { readonly width: number; readonly height: number }) {
  return { width, height }
}
