import { ImgsvcError } from '@imgsvc/core/errors'
import { parseUrl } from '@imgsvc/core/url/dialects'
import { unnested } from '../filters/source/extract-focal.ts'
import type { Authorisation } from './authorise.ts'
import { type Job, type JobSettings, prepareJob, type Received } from './job.ts'

export interface SignedJobParts {
  readonly settings: () => JobSettings
  readonly authorisation: () => Authorisation
  /**
   * The key kept with an image when it was loaded; undefined when there is none. Absent: no image has a key of its own.
   * Throws only the signal's reason.
   */
  readonly keyOf?: ((source: string, signal: AbortSignal) => Promise<string | undefined>) | undefined
}

/**
 * The job of a request whose signature is by a configured key or, failing that, by the key kept with its image
 * (`thumbor/handlers/imaging.py`). Only then something is read before the request is authorised. Throws as `prepareJob`.
 */
export async function signedJob(received: Received, parts: SignedJobParts, signal: AbortSignal): Promise<Job> {
  const { settings, authorisation, keyOf } = parts
  try {
    return prepareJob(received, settings(), authorisation())
  } catch (error) {
    if (!keyOf || !(error instanceof ImgsvcError) || error.code !== 'URL_BAD_SIGNATURE') throw error
    const key = await keyOf(unnested(parseUrl(received.rawUrl).request).source, signal)
    if (key === undefined) throw error
    return prepareJob(received, settings(), { keys: [key], allowUnsafe: false })
  }
}
