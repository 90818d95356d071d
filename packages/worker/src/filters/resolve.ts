import { ImgsvcError } from '@imgsvc/core/errors'
import type { FilterCall } from '@imgsvc/core/url/request'
import type { OutputFormat, VideoFormat } from '../engine/image.ts'
import type { Resolution, ResolvedFilter, Settings } from './filter.ts'
import { closestName, findFilter } from './registry.ts'

/** The filters of one request, typed. */
export interface ResolvedFilters {
  /** In URL order. */
  readonly list: readonly ResolvedFilter[]
  /** Calls that do nothing, as written. */
  readonly ignored: readonly string[]
  readonly format: OutputFormat | undefined
  /** An animation as a video. */
  readonly video: VideoFormat | undefined
  /** Opaque PNG sources as JPEG; undefined leaves it to `images.autoPngToJpg`. */
  readonly autoJpg: boolean | undefined
  /** s */
  readonly maxAge: number | undefined
  /** Other sources that have to be fetched, as written, each once. */
  readonly refs: readonly string[]
  /** Those of them that are frames, which have to be measured as well. */
  readonly ninePatches: readonly string[]
  /** A filter needs to know where eyes are. */
  readonly eyes: boolean
}

/**
 * Looks filters up and types their arguments. Unknown names and arguments that do not fit are left out and named in
 * `ignored` (thumbor), or thrown as FILTER_INVALID with what would be right. Names that are not among `enabled` count as
 * unknown, unless it is empty.
 */
export function resolveFilters(
  calls: readonly FilterCall[],
  options: { readonly onInvalid: 'ignore' | 'reject'; readonly enabled?: readonly string[] },
): ResolvedFilters {
  const list: ResolvedFilter[] = []
  const ignored: string[] = []
  for (const call of calls) {
    const found = resolveCall(call, options.enabled)
    if (found.ok) list.push(found.call)
    else if (options.onInvalid === 'reject') throw new ImgsvcError('FILTER_INVALID', found.message)
    else ignored.push(call.text)
  }
  return filtersOf(list, ignored)
}

/** The same of calls that are typed already. */
export function filtersOf(list: readonly ResolvedFilter[], ignored: readonly string[]): ResolvedFilters {
  const { format, video, autoJpg, maxAge } = settingsOf(list)
  const refs = [...new Set(list.flatMap((filter) => ('refs' in filter ? filter.refs : [])))]
  const ninePatches = [...new Set(list.flatMap((filter) => ('refs' in filter ? filter.ninePatches : [])))]
  const eyes = list.some((filter) => 'eyes' in filter && filter.eyes)
  return { list, ignored, format, video, autoJpg, maxAge, refs, ninePatches, eyes }
}

/** What the filters of the phases `request` and `encode` declare together; the last call wins. */
export function settingsOf(list: readonly ResolvedFilter[]): Settings {
  return Object.assign({}, ...list.map((filter) => ('settings' in filter ? filter.settings : {})))
}

/** One call typed by the declaration of its filter, or one sentence on what is wrong with it. */
export function resolveCall({ name, text }: FilterCall, enabled: readonly string[] = []): Resolution {
  const filter = findFilter(name)
  if (filter) {
    if (enabled.length === 0 || enabled.includes(name)) return filter.resolve(text)
    return { ok: false, message: `the filter ${name} is switched off (filters.enabled)` }
  }
  const closest = closestName(name)
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)
  const message = closest ? `there is no filter ${shown}; did you mean ${closest}?` : `there is no filter ${shown}`
  return { ok: false, message }
}
