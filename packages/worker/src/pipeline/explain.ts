import type { Config } from '@imgsvc/core/config/schema'
import { type ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import type { Explanation } from '@imgsvc/core/explanation'
import { parseUrl } from '@imgsvc/core/url/dialects'
import { VIDEO_TYPES } from '../engine/image.ts'
import { explainCall } from '../filters/explain-call.ts'
import { temporary } from './detect.ts'
import { adviceFor } from './explain-advice.ts'
import { explainAuthority } from './explain-authority.ts'
import { explainEncoder, explainFormat, explainGeometry, explainSource, explainSteps } from './explanation.ts'
import { checkVideo } from './finishing.ts'
import { gather } from './gather.ts'
import { type Job, type JobSettings, jobOf, type Received } from './job.ts'
import { headFor } from './jsonp.ts'
import type { PictureParts } from './picture.ts'
import { inLineOf, planned } from './planned.ts'
import { createStages } from './stages.ts'
import type { Original, ResultHead, SourceFetcher } from './types.ts'
import { checkUrlLength } from './url-length.ts'

export interface ExplainParts extends Omit<PictureParts, 'settings' | 'onResultCache'> {
  readonly settings: () => JobSettings & Pick<Config, 'security' | 'workers'>
  /** Status an error is answered with. */
  readonly statusOf: (error: ImgsvcError) => number
  /** Headers of an answer that is not made yet. */
  readonly headersOf: (head: ResultHead) => Readonly<Record<string, string>>
}

type Draft = { -readonly [K in keyof Explanation]: Explanation[K] }

/**
 * Walks one URL through the stages of a picture and stops where it would be rendered. The source is fetched and its
 * header read, but nothing is stored. A refused signature does not end the walk, every other mistake does: what was
 * learnt until then is told. Rejects only with the reason of `signal` and for faults of imgsvc itself.
 */
export function createExplain(parts: ExplainParts): (asked: Received, signal: AbortSignal) => Promise<Explanation> {
  return async (asked, signal) => {
    const draft = emptyDraft(asked)
    const deadline = AbortSignal.timeout(parts.settings().workers.deadline)
    try {
      await walk(asked, draft, AbortSignal.any([signal, deadline]), parts)
    } catch (thrown) {
      signal.throwIfAborted()
      note(draft, toImgsvcError(thrown), parts)
    }
    return { ...draft, status: draft.errors[0]?.status ?? 200 }
  }
}

function emptyDraft({ rawUrl, accept }: Received): Draft {
  return {
    ...{ url: rawUrl, accept: accept ?? null, status: 200, errors: [], request: null, signature: null, filters: [] },
    ...{ cache: null, source: null, geometry: null, steps: null, result: null, format: null, encoder: null },
    headers: null,
  }
}

function note(draft: Draft, error: ImgsvcError, { statusOf }: ExplainParts): void {
  // The detail is for operators: they are the only ones who can ask.
  const { code, message } = error
  draft.errors = [...draft.errors, { code, status: statusOf(error), message, advice: adviceFor(code) ?? null }]
}

async function walk(asked: Received, draft: Draft, signal: AbortSignal, parts: ExplainParts): Promise<void> {
  const settings = parts.settings()
  checkUrlLength(asked.rawUrl, settings.limits.urlLength)
  const url = parseUrl(asked.rawUrl)
  draft.request = url.request
  draft.filters = url.request.filters.map(explainCall)
  const { refusal, ...signature } = await explainAuthority(url, parts, signal)
  draft.signature = signature
  if (refusal) note(draft, refusal, parts)

  const prepared = jobOf(url, asked, settings)
  const job = parts.admit ? await parts.admit(prepared, signal) : prepared
  draft.cache = { key: job.key, stored: (await parts.results.get(job)) !== undefined }
  await walkOn(job, draft, signal, parts)
}

/** From here on the source is needed. */
async function walkOn(job: Job, draft: Draft, signal: AbortSignal, parts: ExplainParts): Promise<void> {
  const stages = createStages(() => {})
  const inputs = await gather(job, signal, stages, { ...parts, fetcher: withoutKeeping(parts.fetcher) })
  draft.source = explainSource(job.request.source, inputs)
  draft.filters = draft.filters.map((filter) =>
    filter.ignored === null && inputs.filters.ignored.includes(filter.text)
      ? { ...filter, ignored: 'the source is a GIF, which passes without filters (compat.skipGifFilters)' }
      : filter,
  )
  const inLine = inLineOf(parts.limiter, stages)
  const { todo, isTemporary } = await planned(job, inputs, { signal, stages, inLine, finder: parts.finder })
  await checkVideo(job, inputs, todo, parts.finishing)
  const head = isTemporary ? temporary(inputs.head, job.detection) : inputs.head
  draft.geometry = explainGeometry(todo)
  draft.steps = explainSteps(todo)
  draft.result = { width: todo.size.width, height: todo.size.height, frames: todo.frames }
  const { video } = inputs.filters
  draft.format = {
    ...explainFormat(todo, inputs.negotiation),
    ...(video && { contentType: VIDEO_TYPES[video], why: 'gifv() makes a video of the finished GIF' }),
  }
  draft.encoder = explainEncoder(todo.encoding)
  draft.headers = {
    'Content-Type': contentTypeOf(job, draft.format.contentType),
    ...parts.headersOf(headFor(head, job.callback)),
  }
}

function contentTypeOf({ request, callback }: Job, ofPicture: string): string {
  if (!request.meta) return ofPicture
  return callback === undefined ? 'application/json' : 'text/javascript'
}

/** To look at a picture must not change what is stored. */
function withoutKeeping(fetcher: SourceFetcher): SourceFetcher {
  const unkept = ({ keep: _keep, refetch, ...original }: Original): Original => ({
    ...original,
    ...(refetch && { refetch: async (signal: AbortSignal) => unkept(await refetch(signal)) }),
  })
  return { ...fetcher, fetch: async (source, signal) => unkept(await fetcher.fetch(source, signal)) }
}
