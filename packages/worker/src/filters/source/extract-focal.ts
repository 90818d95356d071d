import { quote, unquoteLossy } from '@imgsvc/core/url/percent'
import type { FilterCall, ImageRequest } from '@imgsvc/core/url/request'
import { readSegments } from '@imgsvc/core/url/thumbor-segments'
import { defineFilter } from '../filter.ts'

/**
 * `thumbor/filters/extract_focal.py`. All it does happens before anything is fetched, in `unnested`; what is left to
 * resolve is a call on a source that is no URL of a thumbor, which does nothing.
 */
export const extractFocal = defineFilter({
  name: 'extract_focal',
  phase: 'source',
  summary:
    'For a source that is itself a thumbor URL with a crop: takes the picture behind it and keeps the crop in view.',
  args: [],
  example: 'extract_focal()',
  adjust: (_, input) => input,
})

/**
 * A request for `…/100x150:300x200/OPTIONS/IMAGE` with extract_focal() as the request for IMAGE with
 * focal(100x150:300x200); any other as it is. In thumbor 7 it never matches, because the colon is escaped by then.
 * The signature covers the inner URL, and the usual rules for sources apply to IMAGE.
 */
export function unnested(request: ImageRequest): ImageRequest {
  if (!request.filters.some(isCall)) return request
  const inner = innerOf(unquoteLossy(request.source))
  if (!inner) return request
  const focal: FilterCall = { name: 'focal', text: `focal(${inner.box})` }
  return { ...request, source: inner.source, filters: request.filters.map((call) => (isCall(call) ? focal : call)) }
}

function isCall({ name, text }: FilterCall): boolean {
  return name === extractFocal.name && extractFocal.resolve(text).ok
}

/** From the first crop segment on, which is where options begin that matter. */
function innerOf(url: string): { readonly box: string; readonly source: string } | undefined {
  const [, options, box] = /(?:^|\/)((\d+x\d+:\d+x\d+)\/.+)$/s.exec(url) ?? []
  const segments = options === undefined ? undefined : readSegments(`unsafe/${options}`)
  return segments?.crop && box !== undefined ? { box, source: quote(segments.image) } : undefined
}
