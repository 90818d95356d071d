import { ImgsvcError } from '@imgsvc/core/errors'
import { probe } from '../engine/decode.ts'
import type { SourceInfo } from '../engine/image.ts'
import type { ResolvedFilters } from '../filters/resolve.ts'
import { filtersOn, onBackground } from './animation.ts'
import { etagOf } from './etag.ts'
import { type Job, mayVary } from './job.ts'
import { becomesWebp, isAnimated, type NegotiationInput } from './negotiate.ts'
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
  /** Those that act on this source. */
  readonly filters: ResolvedFilters
  readonly negotiation: NegotiationInput
  readonly head: ResultHead
  /** The source, or what a filter names, arrived cut short: the result is not to be kept. */
  readonly truncated: boolean
}

export interface GatherParts {
  readonly fetcher: SourceFetcher
  /** Changes whenever the same request would give other bytes: imgsvc's and sharp's versions. */
  readonly engineVersion: string
}

/** Fetches the source and what filters name, reads their headers. Throws the SOURCE_ codes. */
export async function gather(job: Job, signal: AbortSignal, stages: Stages, parts: GatherParts): Promise<Inputs> {
  const source = open(job.request.source, job, signal, stages, parts)
  // Where GIF sources pass without filters, what filters name waits until the source proves to be none.
  const filters = onBackground(job.skipGifFilters ? filtersOn((await source).info, job.filters, job) : job.filters)
  const [{ original, info }, ...references] = await Promise.all([
    source,
    ...filters.refs.map((ref) => open(ref, job, signal, stages, parts).catch(blameFilter)),
  ])
  const refs = new Map(filters.refs.map((ref, i) => [ref, references[i] as Opened]))
  const bytes = [original, ...[...refs.values()].map((ref) => ref.original)].map((input) => input.bytes)
  const truncated = [info, ...[...refs.values()].map((ref) => ref.info)].some((input) => input.truncated)
  const lifetime = filters.maxAge ?? Math.floor(job.images.maxAge / 1000)
  return {
    original,
    info,
    refs,
    filters,
    truncated,
    negotiation: {
      candidates: job.candidates,
      // A video is made of a finished GIF.
      explicit: filters.video === undefined ? filters.format : 'gif',
      source: info,
      autoAnimatedWebp: job.images.autoAnimatedWebp,
    },
    head: {
      // The format of the picture follows from these.
      etag: etagOf([parts.engineVersion, job.key, ...bytes]),
      lastModified: Math.floor((original.modifiedAt ?? Date.now()) / 1000) * 1000,
      maxAge: truncated ? Math.min(lifetime, Math.floor(job.images.truncatedMaxAge / 1000)) : lifetime,
      vary: mayVary(job) && (!isAnimated(info) || becomesWebp(info, job.images)),
      ignored: filters.ignored,
    },
  }
}

/** Not found is about the picture itself: a filter that names something missing is a mistake, as in thumbor. */
function blameFilter(error: unknown): never {
  if (!(error instanceof ImgsvcError) || error.code !== 'SOURCE_NOT_FOUND') throw error
  throw new ImgsvcError('FILTER_INVALID', `a source it names was not found: ${error.detail ?? 'no detail'}`, {
    cause: error,
  })
}

/**
 * Fetches and reads the header; an original is kept only once that worked, as in thumbor. A stored copy that is damaged
 * is loaded anew from its source; one that is merely cut short will do when the source has none.
 */
async function open(
  source: string,
  job: Job,
  signal: AbortSignal,
  stages: Stages,
  { fetcher }: GatherParts,
): Promise<Opened> {
  const original = await stages.time('fetch', () => fetcher.fetch(source, signal, job.client))
  const { refetch } = original
  const read = (it: Original) => stages.time('decode', () => inspect(it.bytes, job))
  if (!refetch) return kept(original, await read(original))
  const reopen = async () => {
    const again = await stages.time('fetch', () => refetch(signal))
    return kept(again, await read(again))
  }
  const info = await read(original).catch((error: unknown) => {
    if (error instanceof ImgsvcError && error.code === 'SOURCE_UNDECODABLE') return undefined
    throw error
  })
  if (!info) return reopen()
  if (!info.truncated) return { original, info }
  return reopen().catch(() => {
    signal.throwIfAborted()
    return { original, info }
  })
}

/** Keeps what was loaded beside the request: a slow disk must not hold the client. What arrived cut short may be whole the next time. */
function kept(original: Original, info: SourceInfo): Opened {
  if (!info.truncated) void original.keep?.() // never rejects
  return { original, info }
}

// Headers belong to their bytes as long as the settings they were read with hold: an original that is kept in memory
// is opened once.
const headers = new WeakMap<Buffer, { readonly images: Job['images']; readonly info: SourceInfo }>()

async function inspect(bytes: Buffer, { images }: Job): Promise<SourceInfo> {
  const known = headers.get(bytes)
  if (known?.images === images) return known.info
  const info = await probe(bytes, images)
  if (info.truncated && images.truncated === 'reject') {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `the ${info.format} ends before its picture does`)
  }
  headers.set(bytes, { images, info })
  return info
}
