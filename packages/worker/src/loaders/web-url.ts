import { unquoteLossy } from '@imgsvc/core/url/percent'

/** Is the source an http(s) URL, quoted or not? Loaders over a file system or a bucket decline those. */
export function isWebUrl(source: string): boolean {
  return /^https?:\/\//i.test(unquoteLossy(source))
}
