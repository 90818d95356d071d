import { createHash } from 'node:crypto'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { canonical } from '@imgsvc/core/url/canonical'
import type { ParsedUrl } from '@imgsvc/core/url/dialect'
import { parseUrl } from '@imgsvc/core/url/dialects'
import type { ImageRequest } from '@imgsvc/core/url/request'
import { clampRequested } from '../engine/geometry/targets.ts'
import { type ResolvedFilters, resolveFilters } from '../filters/resolve.ts'
import { unnested } from '../filters/source/extract-focal.ts'
import type { Client } from '../stores/store.ts'
import { type Authorisation, authorise } from './authorise.ts'
import { detectionKey } from './detect.ts'
import { callbackOf } from './jsonp.ts'
import { type Candidate, formatCandidates, negotiates } from './negotiate.ts'
import { namespaceOf } from './result-namespace.ts'
import type { ResultRequest } from './types.ts'

/** A request that may be answered: parsed, authorised, its filters typed. Nothing has been read yet. */
export interface Job extends ResultRequest {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  /** Formats the answer may have instead of the source's own. */
  readonly candidates: readonly Candidate[]
  readonly images: Config['images']
  readonly detection: Config['detection']
  /** Filters after the geometry do not act on GIF sources (compat.skipGifFilters). */
  readonly skipGifFilters: boolean
  /** Function to hand a /meta/ document to. */
  readonly callback: string | undefined
  readonly client: Client | undefined
}

/** One request as received. */
export interface Received {
  /** The request target. */
  readonly rawUrl: string
  readonly accept: string | undefined
  /** Whom it is for, where sources tell their hosts. */
  readonly client?: Client | undefined
}

/** The settings a job depends on. */
export type JobSettings = Pick<Config, 'images' | 'detection' | 'filters' | 'limits' | 'compat'>

/** All 4xx a URL can earn by itself, before any I/O. Throws the URL_ codes and FILTER_INVALID. */
export function prepareJob(received: Received, settings: JobSettings, authorisation: Authorisation): Job {
  const url = parseUrl(received.rawUrl)
  authorise(url, authorisation)
  return jobOf(url, received, settings)
}

/** The job of a URL that may be asked for. Throws FILTER_INVALID. */
export function jobOf(
  url: ParsedUrl,
  { rawUrl, accept, client }: Received,
  { images, detection, filters: policy, limits, compat }: JobSettings,
): Job {
  const { length } = url.request.filters
  if (length > limits.filters) {
    throw new ImgsvcError('FILTER_INVALID', `${length} filters; at most ${limits.filters} are allowed`)
  }
  const request = unnested({ ...url.request, ...clampRequested(url.request, images.maxWidth, images.maxHeight) })
  const filters = resolveFilters(request.filters, policy)
  const candidates = candidatesOf(request, filters, accept, images)
  return {
    request,
    filters,
    candidates,
    images,
    detection,
    skipGifFilters: compat.skipGifFilters,
    key: [
      canonical(request),
      candidates.join('-'),
      settingsKey(images),
      policy.onInvalid,
      policy.enabled.join(),
      compat.skipGifFilters,
      detectionKey(request, filters, detection),
    ].join('\n'),
    path: rawUrl.split('?', 1)[0] as string,
    isUnsafe: url.authority.kind === 'unsafe',
    namespace: () => namespaceOf(images, accept),
    assumed: () => ({
      contentType: request.meta ? 'application/json' : undefined,
      maxAge: filters.maxAge ?? Math.floor(images.maxAge / 1000),
      vary: mayVary({ request, filters, images }),
      ignored: filters.ignored,
    }),
    callback: request.meta ? callbackOf(rawUrl, images.metaCallback) : undefined,
    client,
  }
}

/** Would another Accept have given another answer? Documents are the same for everybody. */
export function mayVary({ request, filters, images }: Pick<Job, 'request' | 'filters' | 'images'>): boolean {
  return !request.meta && filters.format === undefined && filters.video === undefined && negotiates(images)
}

/**
 * With format() and gifv() nothing is negotiated, not even for the GIF sources it has no effect on: whether the source is one is
 * not known yet, and clients would no longer share results. Documents of /meta/ do not depend on Accept.
 */
function candidatesOf(
  { meta }: ImageRequest,
  { format, video, autoJpg }: ResolvedFilters,
  accept: string | undefined,
  images: Config['images'],
): readonly Candidate[] {
  return format || video ? [] : formatCandidates(meta ? undefined : accept, images, autoJpg)
}

/** Settings that change bytes of a result; limits, lifetimes and wrapping do not. Computed once per configuration. */
function settingsKey(images: Config['images']): string {
  const known = settingsKeys.get(images)
  if (known) return known
  const {
    maxAge: _lifetime,
    truncatedMaxAge: _shorter,
    maxPixels: _limit,
    maxOutputPixels: _bound,
    maxFrames: _mostFrames,
    maxAnimationPixels: _longest,
    metaCallback: _wrapping,
    ...output
  } = images
  const key = createHash('sha1').update(JSON.stringify(output)).digest('hex').slice(0, 12)
  settingsKeys.set(images, key)
  return key
}
const settingsKeys = new WeakMap<Config['images'], string>()
