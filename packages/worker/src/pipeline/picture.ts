import type { Finder } from '../detection/finder.ts'
import type { Admit } from './admit.ts'
import { temporary } from './detect.ts'
import { flightKey } from './fetch-source.ts'
import { checkVideo, type Finishing, finished } from './finishing.ts'
import { type GatherParts, gather, type Inputs } from './gather.ts'
import type { Job, Received } from './job.ts'
import { headFor, resultFor } from './jsonp.ts'
import type { Limiter } from './limiter.ts'
import { metaDocument } from './meta.ts'
import { inLineOf, planned } from './planned.ts'
import { render } from './render.ts'
import { type SignedJobParts, signedJob } from './signed-job.ts'
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

export interface PictureParts extends GatherParts, SignedJobParts {
  /** Resolves uploads and refuses what is listed; absent when there is no storage for either. */
  readonly admit?: Admit | undefined
  readonly results: ResultStorage
  readonly limiter: Limiter
  /** Absent: nothing is looked for. */
  readonly finder?: Finder | undefined
  /** Absent: files are answered as they are rendered. */
  readonly finishing?: Finishing | undefined
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
 * sizes follow from pixels, take one more turn in the queue to be measured, and so does what detectors are shown; they
 * themselves are waited for outside of it. What they failed at is answered, but not kept.
 */
export function createPictures(parts: PictureParts): { answer(ask: Ask): Promise<Answer> } {
  const flights = createSingleFlight<StoredResult>()
  /** Finished, on their way to the result storage, which bounds how many these are. */
  const unwritten = new Map<string, StoredResult>()

  async function find(job: Job): Promise<StoredResult | undefined> {
    // What others were shown may differ from what the source shows this client.
    if (job.client?.isPersonal) return undefined
    return unwritten.get(job.key) ?? (await parts.results.get(job)) ?? unwritten.get(job.key)
  }

  function keep(job: Job, result: StoredResult): void {
    if (job.client?.isPersonal) return
    unwritten.set(job.key, result)
    // After the answer: a slow disk must not hold the client. put() never rejects.
    void parts.results.put(job, result).then(() => unwritten.delete(job.key))
  }

  async function answer(ask: Ask): Promise<Answer> {
    const prepared = await signedJob(ask, parts, ask.signal)
    const job = parts.admit ? await parts.admit(prepared, ask.signal) : prepared
    const stored = await find(job)
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
    const { value, joined } = await flights.run(flightKey(job.key, job.client), ask.signal, async (signal) => {
      const gathered = inputs ?? (await gather(job, signal, ask.stages, parts))
      const { result, isTemporary } = await make(job, gathered, signal, ask.stages, parts)
      if (isTemporary) return temporary(result, job.detection)
      // An upload that was replaced meanwhile: the picture is of another state than its key says.
      const isCurrent = job.uploadedAt === undefined || job.uploadedAt === gathered.original.modifiedAt
      if (isCurrent && !gathered.truncated) keep(job, result)
      return result
    })
    parts.onResultCache(joined ? 'coalesced' : 'miss')
    return { kind: 'picture', result: resultFor(value, job.callback), cache: joined ? 'COALESCED' : 'MISS' }
  }

  return { answer }
}

async function make(
  job: Job,
  inputs: Inputs,
  signal: AbortSignal,
  stages: Stages,
  { limiter, finder, finishing }: PictureParts,
): Promise<{ readonly result: StoredResult; readonly isTemporary: boolean }> {
  const { original, refs, negotiation, head } = inputs
  const inLine = inLineOf(limiter, stages)
  const { todo, isTemporary } = await planned(job, inputs, { signal, stages, inLine, finder })
  if (job.request.meta) {
    const data = metaDocument(job.request.source, todo, negotiation)
    return { result: { ...head, contentType: 'application/json', data }, isTemporary }
  }
  await checkVideo(job, inputs, todo, finishing)
  const references = new Map([...refs].map(([ref, opened]) => [ref, opened.original.bytes]))
  // Programs run in the slot of their picture: the limit on renders bounds them, too.
  const file = await inLine(signal, async () => {
    const rendered = await render(todo, original.bytes, references, signal)
    for (const stage of ['decode', 'render', 'encode'] as const) stages.add(stage, rendered.timings[stage])
    return finished(rendered, job, inputs, { signal, stages, finishing })
  })
  return { result: { ...head, ...file }, isTemporary }
}
