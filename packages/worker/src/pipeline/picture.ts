import type { Config } from '@imgsvc/core/config/schema'
import { CONTENT_TYPES } from '../engine/image.ts'
import type { Admit } from './admit.ts'
import type { Authorisation } from './authorise.ts'
import { type GatherParts, gather, type Inputs } from './gather.ts'
import { type Job, prepareJob, type Received } from './job.ts'
import { headFor, resultFor } from './jsonp.ts'
import type { Limiter } from './limiter.ts'
import { measure, needsMeasuring, UNMEASURED } from './measure.ts'
import { metaDocument } from './meta.ts'
import { negotiateFormat } from './negotiate.ts'
import { plan } from './plan.ts'
import { render } from './render.ts'
import { createSingleFlight } from './single-flight.ts'
import type { Stages } from './stages.ts'
import type { ResultHead, ResultStorage, StoredResult } from './types.ts'

/** What one client asks for. */
export interface Ask extends Received {
  /** Tells whether a 304 answers this client; asked as soon as the validators are known, before any picture is made. */
  readonly isFresh: ((validators: { etag: string; lastModified: number }) => boolean) | undefined
  readonly signal: AbortSignal
  readonly stages: Stages
}

export type Answer =
  | { readonly kind: 'picture'; readonly result: StoredResult; readonly cache: 'HIT' | 'MISS' | 'COALESCED' }
  | { readonly kind: 'not-modified'; readonly result: ResultHead; readonly cache: 'HIT' | 'MISS' }

export interface PictureParts extends GatherParts {
  readonly settings: () => Pick<Config, 'images' | 'filters' | 'limits'>
  readonly authorisation: () => Authorisation
  /** Resolves uploads and refuses what is listed; absent when there is no storage for either. */
  readonly admit?: Admit | undefined
  readonly results: ResultStorage
  readonly limiter: Limiter
  readonly onResultCache: (result: 'hit' | 'miss' | 'coalesced') => void
}

/**
 * The stages of one picture, in order (DESIGN: request walk):
 *
 *   parse → authorise → filters → admit → result storage ─ hit ─────────────────────┐
 *                                            │ miss                                  │
 *                                            ▼                                       ▼
 *            single flight by key: fetch → probe → validators → queue → render → answer, then keep
 *
 * All 4xx of the URL happen before any I/O; `admit` looks at uploads and the blacklist, where these are switched on. A conditional request learns its validators before the queue, so a
 * 304 costs no picture. A /meta/ document is worked out where a picture would be rendered. Trim and frames, whose
 * sizes follow from pixels, take one more turn in the queue to be measured.
 */
export function createPictures(parts: PictureParts): { answer(ask: Ask): Promise<Answer> } {
  const flights = createSingleFlight<StoredResult>()
  /** Finished, on their way to the result storage, which bounds how many these are. */
  const unwritten = new Map<string, StoredResult>()

  function keep(key: string, result: StoredResult): void {
    unwritten.set(key, result)
    // After the answer: a slow disk must not hold the client. put() never rejects.
    void parts.results.put(key, result).then(() => unwritten.delete(key))
  }

  async function answer(ask: Ask): Promise<Answer> {
    const prepared = prepareJob(ask, parts.settings(), parts.authorisation())
    const job = parts.admit ? await parts.admit(prepared, ask.signal) : prepared
    const stored = unwritten.get(job.key) ?? (await parts.results.get(job.key)) ?? unwritten.get(job.key)
    if (stored) {
      parts.onResultCache('hit')
      const head = headFor(stored, job.callback)
      if (ask.isFresh?.(head)) return { kind: 'not-modified', result: head, cache: 'HIT' }
      return { kind: 'picture', result: resultFor(stored, job.callback), cache: 'HIT' }
    }
    // Fetching ahead of the flight costs nothing extra: the fetcher joins fetches of one source.
    const inputs = ask.isFresh ? await gather(job, ask.signal, ask.stages, parts) : undefined
    const head = inputs && headFor(inputs.head, job.callback)
    if (head && ask.isFresh?.(head)) {
      parts.onResultCache('miss')
      return { kind: 'not-modified', result: head, cache: 'MISS' }
    }
    const { value, joined } = await flights.run(job.key, ask.signal, async (signal) => {
      const gathered = inputs ?? (await gather(job, signal, ask.stages, parts))
      const result = await make(job, gathered, signal, ask.stages, parts)
      // An upload that was replaced meanwhile: the picture is of another state than its key says.
      const isCurrent = job.uploadedAt === undefined || job.uploadedAt === gathered.original.modifiedAt
      if (isCurrent) keep(job.key, result)
      return result
    })
    parts.onResultCache(joined ? 'coalesced' : 'miss')
    return { kind: 'picture', result: resultFor(value, job.callback), cache: joined ? 'COALESCED' : 'MISS' }
  }

  return { answer }
}

async function make(
  job: Job,
  { original, info, refs, negotiation, head }: Inputs,
  signal: AbortSignal,
  stages: Stages,
  { limiter }: PictureParts,
): Promise<StoredResult> {
  const inLine = <T>(run: () => Promise<T>) => {
    const queued = performance.now()
    return limiter.run(signal, () => {
      stages.add('queue', performance.now() - queued)
      return run()
    })
  }
  const source = { original, info }
  const todo = plan({
    request: job.request,
    filters: job.filters,
    source: info,
    formatOf: (outcome) => negotiateFormat(negotiation, outcome),
    images: job.images,
    refs: new Map([...refs].map(([ref, opened]) => [ref, opened.info])),
    measured: needsMeasuring(job)
      ? await inLine(() => stages.time('decode', () => measure({ ...job, source, refs })))
      : UNMEASURED,
  })
  if (job.request.meta) {
    return { ...head, contentType: 'application/json', data: metaDocument(job.request.source, todo, negotiation) }
  }
  const rendered = await inLine(() =>
    render(todo, original.bytes, new Map([...refs].map(([ref, opened]) => [ref, opened.original.bytes]))),
  )
  for (const stage of ['decode', 'render', 'encode'] as const) stages.add(stage, rendered.timings[stage])
  return { ...head, contentType: CONTENT_TYPES[rendered.format], data: rendered.data }
}
