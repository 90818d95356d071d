import { isCallbackName } from '@imgsvc/core/callback-name'
import { ImgsvcError } from '@imgsvc/core/errors'
import { etagOf } from './etag.ts'
import type { ResultHead, StoredResult } from './types.ts'

/**
 * The function a /meta/ document is handed to: the configured one, else `callback` of the query, else none. The query
 * is not signed, so the name must not be able to carry code. Throws URL_MALFORMED.
 */
export function callbackOf(rawUrl: string, configured: string): string | undefined {
  if (configured !== '') return configured
  const mark = rawUrl.indexOf('?')
  const name = mark < 0 ? null : new URLSearchParams(rawUrl.slice(mark + 1)).get('callback')
  if (name === null) return undefined
  if (!isCallbackName(name)) {
    throw new ImgsvcError('URL_MALFORMED', 'callback must be the name of a JavaScript function, at most 128 characters')
  }
  return name
}

/** The validators of a document as this client sees it: with a function around it, it is another one. */
export function headFor(head: ResultHead, callback: string | undefined): ResultHead {
  return callback === undefined ? head : { ...head, etag: etagOf([head.etag, callback]) }
}

/**
 * A document as this client sees it: `name({…});`. Kept results are plain JSON, so that made-up names fill no storage.
 */
export function resultFor(result: StoredResult, callback: string | undefined): StoredResult {
  if (callback === undefined) return result
  return {
    ...result,
    ...headFor(result, callback),
    contentType: 'text/javascript',
    data: Buffer.concat([Buffer.from(`${callback}(`), result.data, Buffer.from(');')]),
  }
}
