import { readFileSync } from 'node:fs'
import { configSchema } from '@imgsvc/core/config/schema'
import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import type { ImageRequest } from '@imgsvc/core/url/request'
import sharp from 'sharp'
import { probe } from '../../src/engine/decode.ts'
import type { OutputFormat, SourceInfo } from '../../src/engine/image.ts'
import { resolveFilters } from '../../src/filters/resolve.ts'
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
}

/** Plans a job as the worker does; bad filters throw. */
export async function planJob({ source, asked, filters, format, images, refs }: Job): Promise<Plan> {
  const settings = { ...IMAGES, ...images }
  const infos = new Map<string, SourceInfo>()
  for (const [ref, bytes] of Object.entries(refs ?? {})) infos.set(ref, await probe(bytes, settings))
  return plan({
    request: request(asked),
    filters: resolveFilters(filters ? splitFilterCalls(filters) : [], { onInvalid: 'reject' }),
    source: await probe(source, settings),
    format: format ?? 'png',
    images: settings,
    refs: infos,
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
