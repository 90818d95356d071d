import { ImgsvcError } from '@imgsvc/core/errors'
import { probe } from '../engine/decode.ts'
import type { SourceInfo } from '../engine/image.ts'
import { etagOf } from './etag.ts'
import type { Job } from './job.ts'
import { isAnimated, type NegotiationInput, negotiates } from './negotiate.ts'
import type { Stages } from './stages.ts'
import type { Original, ResultHead, SourceFetcher } from './types.ts'

/** A fetched picture whose header could be read. */
export interface Opened {
  readonly original: Original
  readonly info: SourceInfo
}

/** Everything the bytes of the answer depend on, fetched; nothing decoded. */
export interface Inputs extends Opened {
  /** By the text of the filter's argument. */
  readonly refs: ReadonlyMap<string, Opened>
  readonly negotiation: NegotiationInput
  readonly head: ResultHead
}

export interface GatherParts {
  readonly fetcher: SourceFetcher
  /** Changes whenever the same request would give other bytes: imgsvc's and sharp's versions. */
  readonly engineVersion: string
}

/** Fetches the source and what filters name, reads their headers. Throws the SOURCE_ codes. */
export async function gather(job: Job, signal: AbortSignal, stages: Stages, parts: GatherParts): Promise<Inputs> {
  const [{ original, info }, ...references] = await Promise.all([
    open(job.request.source, job, signal, stages, parts),
    ...job.filters.refs.map((ref) => open(ref, job, signal, stages, parts).catch(blameFilter)),
  ])
  const refs = new Map(job.filters.refs.map((ref, i) => [ref, references[i] as Opened]))
  const bytes = [original, ...[...refs.values()].map((ref) => ref.original)].map((input) => input.bytes)
  // thumbor never runs filters on a GIF, format() included (spec 1.15).
  const { format, maxAge } = info.format === 'gif' ? {} : job.filters
  return {
    original,
    info,
    refs,
    negotiation: { candidates: job.candidates, explicit: format, source: info },
    head: {
      // The format of the picture follows from these.
      etag: etagOf([parts.engineVersion, job.key, ...bytes]),
      lastModified: Math.floor((original.modifiedAt ?? Date.now()) / 1000) * 1000,
      maxAge: maxAge ?? Math.floor(job.images.maxAge / 1000),
      vary: mayVary(job) && !isAnimated(info),
      ignored: job.filters.ignored,
    },
  }
}

/** Would another Accept have given another answer? Animations and documents are the same for everybody. */
function mayVary({ request, filters, images }: Job): boolean {
  return !request.meta && filters.format === undefined && negotiates(images)
}

/** Not found is about the picture itself: a filter that names something missing is a mistake, as in thumbor. */
function blameFilter(error: unknown): never {
  if (!(error instanceof ImgsvcError) || error.code !== 'SOURCE_NOT_FOUND') throw error
  throw new ImgsvcError('FILTER_INVALID', `a source it names was not found: ${error.detail ?? 'no detail'}`, {
    cause: error,
  })
}

/** Fetches and reads the header; an original is kept only once that worked, as in thumbor. */
async function open(
  source: string,
  job: Job,
  signal: AbortSignal,
  stages: Stages,
  { fetcher }: GatherParts,
): Promise<Opened> {
  const original = await stages.time('fetch', () => fetcher.fetch(source, signal))
  try {
    const info = await stages.time('decode', () => inspect(original.bytes, job))
    // Beside the request: a slow disk must not hold the client. keep() never rejects.
    void original.keep?.()
    return { original, info }
  } catch (error) {
    if (!original.discard) throw error
    // The stored copy is damaged: forget it and ask the source, once.
    await original.discard()
    const again = await stages.time('fetch', () => fetcher.fetch(source, signal))
    const info = await inspect(again.bytes, job)
    void again.keep?.()
    return { original: again, info }
  }
}

// Headers belong to their bytes as long as the settings they were read with hold: an original that is kept in memory
// is opened once.
const headers = new WeakMap<Buffer, { readonly images: Job['images']; readonly info: SourceInfo }>()

async function inspect(bytes: Buffer, { images }: Job): Promise<SourceInfo> {
  const known = headers.get(bytes)
  if (known?.images === images) return known.info
  const info = await probe(bytes, images)
  headers.set(bytes, { images, info })
  return info
}
