import { createHash } from 'node:crypto'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { canonical } from '@imgsvc/core/url/canonical'
import { parseUrl } from '@imgsvc/core/url/dialects'
import type { ImageRequest } from '@imgsvc/core/url/request'
import { clampRequested } from '../engine/geometry/targets.ts'
import { type ResolvedFilters, resolveFilters } from '../filters/resolve.ts'
import { unnested } from '../filters/source/extract-focal.ts'
import { type Authorisation, authorise } from './authorise.ts'
import { callbackOf } from './jsonp.ts'
import { type Candidate, formatCandidates } from './negotiate.ts'

/** A request that may be answered: parsed, authorised, its filters typed. Nothing has been read yet. */
export interface Job {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  /** Formats the answer may have instead of the source's own. */
  readonly candidates: readonly Candidate[]
  readonly images: Config['images']
  /** Same key, same result. */
  readonly key: string
  /** Function to hand a /meta/ document to. */
  readonly callback: string | undefined
  /** The source is an upload of this time, epoch ms, to which the key belongs. */
  readonly uploadedAt?: number | undefined
}

/** One request as received. */
export interface Received {
  /** The request target. */
  readonly rawUrl: string
  readonly accept: string | undefined
}

/** All 4xx a URL can earn by itself, before any I/O. Throws the URL_ codes and FILTER_INVALID. */
export function prepareJob(
  { rawUrl, accept }: Received,
  { images, filters: policy, limits }: Pick<Config, 'images' | 'filters' | 'limits'>,
  authorisation: Authorisation,
): Job {
  const url = parseUrl(rawUrl)
  authorise(url, authorisation)
  const { length } = url.request.filters
  if (length > limits.filters) {
    throw new ImgsvcError('FILTER_INVALID', `${length} filters; at most ${limits.filters} are allowed`)
  }
  const request = unnested({ ...url.request, ...clampRequested(url.request, images.maxWidth, images.maxHeight) })
  const filters = resolveFilters(request.filters, { onInvalid: policy.onInvalid })
  const candidates = candidatesOf(request, filters, accept, images)
  return {
    request,
    filters,
    candidates,
    images,
    key: [canonical(request), candidates.join('-'), settingsKey(images), policy.onInvalid].join('\n'),
    callback: request.meta ? callbackOf(rawUrl, images.metaCallback) : undefined,
  }
}

/**
 * With format() nothing is negotiated, not even for the GIF sources it has no effect on: whether the source is one is
 * not known yet, and clients would no longer share results. Documents of /meta/ do not depend on Accept.
 */
function candidatesOf(
  { meta }: ImageRequest,
  { format, autoJpg }: ResolvedFilters,
  accept: string | undefined,
  images: Config['images'],
): readonly Candidate[] {
  return format ? [] : formatCandidates(meta ? undefined : accept, images, autoJpg)
}

/** Settings that change bytes of a result; limits, lifetimes and wrapping do not. Computed once per configuration. */
function settingsKey(images: Config['images']): string {
  const known = settingsKeys.get(images)
  if (known) return known
  const { maxAge: _lifetime, maxPixels: _limit, maxOutputPixels: _bound, metaCallback: _wrapping, ...output } = images
  const key = createHash('sha1').update(JSON.stringify(output)).digest('hex').slice(0, 12)
  settingsKeys.set(images, key)
  return key
}
const settingsKeys = new WeakMap<Config['images'], string>()
