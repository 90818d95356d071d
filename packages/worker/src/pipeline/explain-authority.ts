import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ExplainedSignature } from '@imgsvc/core/explanation'
import type { ParsedUrl } from '@imgsvc/core/url/dialect'
import { unnested } from '../filters/source/extract-focal.ts'
import { authorise } from './authorise.ts'
import type { SignedJobParts } from './signed-job.ts'

export interface AuthorityParts extends Pick<SignedJobParts, 'authorisation' | 'keyOf'> {
  /** Secrets resolved. */
  readonly settings: () => Pick<Config, 'security'>
}

/** Whether a URL would be let in and by what, as `signedJob` decides; `refusal` is what a client would get. */
export async function explainAuthority(
  url: ParsedUrl,
  { settings, authorisation, keyOf }: AuthorityParts,
  signal: AbortSignal,
): Promise<ExplainedSignature & { readonly refusal: ImgsvcError | undefined }> {
  const about = { kind: url.authority.kind, signedPath: url.signedPath }
  const refusal = refusalOf(() => authorise(url, authorisation()))
  if (!refusal) return { ...about, accepted: true, by: acceptedBy(url, settings().security), refusal }
  if (refusal.code === 'URL_BAD_SIGNATURE' && keyOf) {
    const key = await keyOf(unnested(url.request).source, signal)
    if (key !== undefined && !refusalOf(() => authorise(url, { keys: [key], allowUnsafe: false }))) {
      return { ...about, accepted: true, by: 'the key kept with the image', refusal: undefined }
    }
  }
  return { ...about, accepted: false, by: null, refusal: withSignedPath(refusal, url) }
}

function refusalOf(check: () => void): ImgsvcError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ImgsvcError) return error
    throw error
  }
}

function acceptedBy(url: ParsedUrl, { key }: Config['security']): string {
  if (url.authority.kind === 'unsafe') return 'security.allowUnsafe'
  const isCurrent = key !== '' && !refusalOf(() => authorise(url, { keys: [key], allowUnsafe: false }))
  return isCurrent ? 'security.key' : 'security.previousKeys'
}

/** An operator may know what a stranger need not: which text was to be signed. */
function withSignedPath(refusal: ImgsvcError, { signedPath }: ParsedUrl): ImgsvcError {
  if (refusal.code !== 'URL_BAD_SIGNATURE') return refusal
  const detail = `it is not the one of ${JSON.stringify(signedPath)}`
  return new ImgsvcError(refusal.code, detail, { cause: refusal })
}
