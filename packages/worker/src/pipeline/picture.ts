import { createHash } from 'node:crypto'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { canonical } from '@imgsvc/core/url/canonical'
import { parseUrl } from '@imgsvc/core/url/dialects'
import type { ImageRequest, Side } from '@imgsvc/core/url/request'
import { probe } from '../engine/decode.ts'
import { CONTENT_TYPES, type OutputFormat, type SourceInfo } from '../engine/image.ts'
import { type ResolvedFilters, resolveFilters } from '../filters/resolve.ts'
import { type Authorisation, authorise } from './authorise.ts'
import { etagOf } from './etag.ts'
import type { Limiter } from './limiter.ts'
import { acceptedFormats, type Negotiable, negotiateFormat } from './negotiate.ts'
import { plan } from './plan.ts'
import { render } from './render.ts'
import { createSingleFlight } from './single-flight.ts'
import type { Stages } from './stages.ts'
import type { Original, ResultStorage, SourceFetcher, StoredResult } from './types.ts'

/** What one client asks for. */
export interface Ask {
  /** The request target as received. */
  readonly rawUrl: string
  readonly accept: string | undefined
  /** Tells whether a 304 answers this client; asked as soon as the validators are known, before any picture is made. */
  readonly isFresh: ((validators: { etag: string; lastModified: number }) => boolean) | undefined
  readonly signal: AbortSignal
  readonly stages: Stages
}

export type Answer =
  | { readonly kind: 'picture'; readonly result: StoredResult; readonly cache: 'HIT' | 'MISS' | 'COALESCED' }
  | { readonly kind: 'not-modified'; readonly result: Omit<StoredResult, 'data'>; readonly cache: 'HIT' | 'MISS' }

export interface PictureParts {
  readonly settings: () => Pick<Config, 'images' | 'filters' | 'limits'>
  readonly authorisation: () => Authorisation
  readonly fetcher: SourceFetcher
  readonly results: ResultStorage
  readonly limiter: Limiter
  /** Changes whenever the same request would give other bytes: imgsvc's and sharp's versions. */
  readonly engineVersion: string
  readonly onResultCache: (result: 'hit' | 'miss' | 'coalesced') => void
}

/** A request that may be answered: parsed, authorised, its filters typed. Nothing has been read yet. */
interface Job {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  readonly accepted: readonly Negotiable[]
  readonly images: Config['images']
  readonly key: string
}

/** Everything the bytes of the answer depend on, fetched; nothing decoded. */
interface Inputs {
  readonly original: Original
  readonly info: SourceInfo
  readonly refs: ReadonlyMap<string, Opened>
  readonly format: OutputFormat
  readonly head: Omit<StoredResult, 'data'>
}

/**
 * The stages of one picture, in order (DESIGN: request walk):
 *
 *   parse → authorise → filters → result storage ─ hit ─────────────────────────────┐
 *                                    │ miss                                          │
 *                                    ▼                                               ▼
 *            single flight by key: fetch → probe → validators → queue → render → answer, then keep
 *
 * All 4xx of the URL happen before any I/O. A conditional request learns its validators before the queue, so a
 * 304 costs no picture.
 */
export function createPictures(parts: PictureParts): { answer(ask: Ask): Promise<Answer> } {
  const flights = createSingleFlight<StoredResult>()

  async function answer(ask: Ask): Promise<Answer> {
    const job = prepare(ask.rawUrl, ask.accept, parts)
    const stored = await parts.results.get(job.key)
    if (stored) {
      parts.onResultCache('hit')
      if (ask.isFresh?.(stored)) return { kind: 'not-modified', result: stored, cache: 'HIT' }
      return { kind: 'picture', result: stored, cache: 'HIT' }
    }
    // Fetching ahead of the flight costs nothing extra: the fetcher joins fetches of one source.
    const inputs = ask.isFresh ? await gather(job, ask.signal, ask.stages, parts) : undefined
    if (inputs && ask.isFresh?.(inputs.head)) {
      parts.onResultCache('miss')
      return { kind: 'not-modified', result: inputs.head, cache: 'MISS' }
    }
    const { value, joined } = await flights.run(job.key, ask.signal, async (signal) => {
      const result = await make(job, inputs, signal, ask.stages, parts)
      // Kept after the answer: a slow disk must not hold the client. put() never rejects.
      void parts.results.put(job.key, result)
      return result
    })
    parts.onResultCache(joined ? 'coalesced' : 'miss')
    return { kind: 'picture', result: value, cache: joined ? 'COALESCED' : 'MISS' }
  }

  return { answer }
}

function prepare(rawUrl: string, accept: string | undefined, parts: PictureParts): Job {
  const { images, filters: policy, limits } = parts.settings()
  const url = parseUrl(rawUrl)
  authorise(url, parts.authorisation())
  if (url.request.filters.length > limits.filters) {
    throw new ImgsvcError(
      'FILTER_INVALID',
      `${url.request.filters.length} filters; at most ${limits.filters} are allowed`,
    )
  }
  const request = clampSize(url.request, images)
  const filters = resolveFilters(request.filters, { onInvalid: policy.onInvalid })
  const accepted = filters.format ? [] : acceptedFormats(accept, images)
  const key = `${canonical(request)}\n${accepted.join('-')}\n${settingsKey(images)}\n${policy.onInvalid}`
  return { request, filters, accepted, images, key }
}

/** MAX_WIDTH and MAX_HEIGHT cut each requested side by itself; `orig` is exempt (thumbor 1.10). */
function clampSize(request: ImageRequest, { maxWidth, maxHeight }: Config['images']): ImageRequest {
  const clamp = (side: Side, max: number): Side => (side === 'orig' || max === 0 ? side : Math.min(side, max))
  const width = clamp(request.width, maxWidth)
  const height = clamp(request.height, maxHeight)
  return width === request.width && height === request.height ? request : { ...request, width, height }
}

/** Settings that change pixels or bytes; limits and lifetimes do not. Computed once per configuration. */
function settingsKey(images: Config['images']): string {
  const known = settingsKeys.get(images)
  if (known) return known
  const { maxAge: _lifetime, maxPixels: _limit, maxOutputPixels: _bound, ...output } = images
  const key = createHash('sha1').update(JSON.stringify(output)).digest('hex').slice(0, 12)
  settingsKeys.set(images, key)
  return key
}
const settingsKeys = new WeakMap<Config['images'], string>()

/** A fetched picture whose header could be read. */
interface Opened {
  readonly original: Original
  readonly info: SourceInfo
}

/** Fetches and reads the header; an original is kept only once that worked, as in thumbor. */
async function open(
  source: string,
  job: Job,
  signal: AbortSignal,
  stages: Stages,
  parts: PictureParts,
): Promise<Opened> {
  const original = await stages.time('fetch', () => parts.fetcher.fetch(source, signal))
  try {
    const info = await stages.time('decode', () => probe(original.bytes, job.images))
    // Beside the request: a slow disk must not hold the client. keep() never rejects.
    void original.keep?.()
    return { original, info }
  } catch (error) {
    if (!original.discard) throw error
    // The stored copy is damaged: forget it and ask the source, once.
    await original.discard()
    const again = await stages.time('fetch', () => parts.fetcher.fetch(source, signal))
    const info = await probe(again.bytes, job.images)
    void again.keep?.()
    return { original: again, info }
  }
}

async function gather(job: Job, signal: AbortSignal, stages: Stages, parts: PictureParts): Promise<Inputs> {
  const sources = [job.request.source, ...job.filters.refs]
  const [main, ...references] = await Promise.all(sources.map((source) => open(source, job, signal, stages, parts)))
  const { original, info } = main as Opened
  const refs = new Map(job.filters.refs.map((ref, i) => [ref, references[i] as Opened]))
  const isGif = info.format === 'gif'
  // thumbor never runs filters on a GIF, format() included (spec 1.15).
  const explicit = isGif ? undefined : job.filters.format
  const format = negotiateFormat({ accepted: job.accepted, explicit, source: info })
  const { autoWebp, autoAvif } = job.images
  const maxAge = (isGif ? undefined : job.filters.maxAge) ?? Math.floor(job.images.maxAge / 1000)
  return {
    original,
    info,
    refs,
    format,
    head: {
      contentType: CONTENT_TYPES[format],
      etag: etagOf([
        parts.engineVersion,
        job.key,
        format,
        original.bytes,
        ...[...refs.values()].map((ref) => ref.original.bytes),
      ]),
      lastModified: Math.floor((original.modifiedAt ?? Date.now()) / 1000) * 1000,
      maxAge,
      vary: (autoWebp || autoAvif) && explicit === undefined && info.pages === 1,
      ignored: job.filters.ignored,
    },
  }
}

async function make(
  job: Job,
  gathered: Inputs | undefined,
  signal: AbortSignal,
  stages: Stages,
  parts: PictureParts,
): Promise<StoredResult> {
  const inputs = gathered ?? (await gather(job, signal, stages, parts))
  const todo = plan({
    request: job.request,
    filters: job.filters,
    source: inputs.info,
    format: inputs.format,
    images: job.images,
    refs: new Map([...inputs.refs].map(([ref, { info }]) => [ref, info])),
  })
  const queued = performance.now()
  const rendered = await parts.limiter.run(signal, () => {
    stages.add('queue', performance.now() - queued)
    return render(
      todo,
      inputs.original.bytes,
      new Map([...inputs.refs].map(([ref, { original }]) => [ref, original.bytes])),
    )
  })
  for (const stage of ['decode', 'render', 'encode'] as const) stages.add(stage, rendered.timings[stage])
  // max_bytes and thumbor's fall-backs may end in another format than planned.
  return { ...inputs.head, contentType: CONTENT_TYPES[rendered.format], data: rendered.data }
}
