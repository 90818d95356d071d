import { ImgsvcError } from '@imgsvc/core/errors'
import { errnoOf } from './errno.ts'

// AccessDenied is also S3's answer for a missing key to those who may not list the bucket. A wrong key, secret or token
// has names of its own and is not taken for "no such object".
const MISSING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound', 'NoSuchVersion', 'AccessDenied'])
const OVERLOADED = new Set([429, 503])
const TIMEOUTS = new Set(['TimeoutError', 'ETIMEDOUT'])

interface S3Failure {
  readonly name: string
  readonly message: string
  /** HTTP status, undefined when there was no answer. */
  readonly status: number | undefined
}

/** Does S3 say that there is no such object? */
export function isMissingObject(error: unknown): boolean {
  const { name, status } = failureOf(error)
  return status === 404 || MISSING.has(name)
}

/** SOURCE_BUSY when S3 asks to slow down, SOURCE_TIMEOUT when it did not answer, STORE_FAILED otherwise; with S3's own code in the detail. */
export function asStoreError(error: unknown, place: string): ImgsvcError {
  if (error instanceof ImgsvcError) return error
  const { name, message, status } = failureOf(error)
  const detail = `${place}: ${name}${status === undefined ? '' : ` (${status})`}: ${message}`
  if (OVERLOADED.has(status ?? 0)) return new ImgsvcError('SOURCE_BUSY', undefined, { cause: error })
  if (TIMEOUTS.has(name) || TIMEOUTS.has(errnoOf(error) ?? '')) {
    return new ImgsvcError('SOURCE_TIMEOUT', detail, { cause: error })
  }
  return new ImgsvcError('STORE_FAILED', detail, { cause: error })
}

function failureOf(error: unknown): S3Failure {
  if (!(error instanceof Error)) return { name: 'unknown', message: String(error), status: undefined }
  const { $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  return { name: error.name, message: error.message, status: $metadata?.httpStatusCode }
}
