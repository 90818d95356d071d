import { readFileSync } from 'node:fs'
import { configSchema } from '@imgsvc/core/config/schema'
import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import type { ImageRequest } from '@imgsvc/core/url/request'
import sharp from 'sharp'
import { probe } from '../../src/engine/decode.ts'
import type { OutputFormat } from '../../src/engine/image.ts'
import { resolveFilters } from '../../src/filters/resolve.ts'
import { filtersOn } from '../../src/pipeline/animation.ts'
import { measure, needsMeasuring, UNMEASURED } from '../../src/pipeline/measure.ts'
import { type Plan, plan } from '../../src/pipeline/plan.ts'
import { render } from '../../src/pipeline/render.ts'
import type { Rendered } from '../../src/pipeline/types.ts'

/** Settings of an empty configuration. */
export const IMAGES = configSchema.parse({}).images

/** Bytes of a sample photo. */
export function sample(name: string): Buffer {
  return readFileSync(new URL(`../../../supervisor/samples/${name}`, import.meta.url))
}

/** A request for the whole picture, with what the test asks for. */
export function request(asked: Partial<ImageRequest> = {}): ImageRequest {
  return {
    debug: false,
    meta: false,
    trim: undefined,
    crop: undefined,
    fitIn: false,
    adaptive: false,
    full: false,
    width: 0,
    height: 0,
    flipH: false,
    flipV: false,
    halign: 'center',
    valign: 'middle',
    smart: false,
    filters: [],
    source: 'photo.jpg',
    ...asked,
  }
}

export interface Job {
  readonly source: Buffer
  readonly asked?: Partial<ImageRequest>
  readonly filters?: string
  readonly format?: OutputFormat
  readonly images?: Partial<typeof IMAGES>
  readonly refs?: Readonly<Record<string, Buffer>>
  /** compat.skipGifFilters */
  readonly skipGifFilters?: boolean
}

/** Plans a job as the worker does; bad filters throw. */
export async function planJob({ skipGifFilters = true, ...given }: Job): Promise<Plan> {
  const { source, asked, filters: calls, format, images, refs } = given
  const settings = { ...IMAGES, ...images }
  const fetched = async (bytes: Buffer) => ({ original: { bytes }, info: await probe(bytes, settings) })
  const found = new Map<string, Awaited<ReturnType<typeof fetched>>>()
  for (const [ref, bytes] of Object.entries(refs ?? {})) found.set(ref, await fetched(bytes))
  const opened = await fetched(source)
  const filters = resolveFilters(calls ? splitFilterCalls(calls) : [], { onInvalid: 'reject' })
  const job = {
    request: request(asked),
    filters: filtersOn(opened.info, filters, { skipGifFilters }),
    images: settings,
  }
  return plan({
    ...job,
    source: opened.info,
    formatOf: () => format ?? 'png',
    refs: new Map([...found].map(([ref, { info }]) => [ref, info])),
    measured: needsMeasuring(job) ? await measure({ ...job, source: opened, refs: found }) : UNMEASURED,
  })
}

/** Plans and renders a job. */
export async function make(job: Job): Promise<Rendered> {
  return render(await planJob(job), job.source, new Map(Object.entries(job.refs ?? {})))
}

export interface Pixels {
  readonly data: Buffer
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** Decoded pixels of a file, as stored: no orientation, 8 bit. */
export async function pixels(bytes: Buffer): Promise<Pixels> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** One pixel as a list of its channels. */
export function pixelAt({ data, width, channels }: Pixels, x: number, y: number): number[] {
  const start = (y * width + x) * channels
  return [...data.subarray(start, start + channels)]
}

/** Largest difference of any channel of any pixel. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)))
  return largest
}

/** Mean difference of all channels of all pixels. */
export function meanDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number))
  return sum / a.length
}

/** A picture whose red tells x and whose green tells y, each 0 to 255 over the whole side; blue is 128. */
export async function ramp(width: number, height: number): Promise<sharp.Sharp> {
  const data = new Uint8Array(256 * 256 * 3)
  for (let i = 0; i < 256 * 256; i++) data.set([i % 256, Math.floor(i / 256), 128], i * 3)
  const { data: scaled, info } = await sharp(data, { raw: { width: 256, height: 256, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'nearest' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return sharp(scaled, { raw: { width: info.width, height: info.height, channels: 3 }, limitInputPixels: false })
}

/** A nine-patch frame of 7 × 7 px as PNG: a brown rim of 1 px, 3 px in the middle that show through and stretch. */
export function frame(): Promise<Buffer> {
  const side = 7
  const data = new Uint8Array(side * side * 4)
  const put = (x: number, y: number, rgba: readonly number[]) => data.set(rgba, (y * side + x) * 4)
  for (let at = 1; at < side - 1; at++) {
    for (const [x, y] of [
      [at, 1],
      [at, side - 2],
      [1, at],
      [side - 2, at],
    ] as const)
      put(x, y, [120, 60, 20, 255])
  }
  for (let at = 2; at < side - 2; at++) {
    for (const [x, y] of [
      [at, 0],
      [0, at],
      [at, side - 1],
      [side - 1, at],
    ] as const)
      put(x, y, [0, 0, 0, 255])
  }
  return sharp(data, { raw: { width: side, height: side, channels: 4 } })
    .png()
    .toBuffer()
}
