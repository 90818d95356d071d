import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ParsedUrl } from '@imgsvc/core/url/dialect'
import { verify } from '@imgsvc/core/url/signer'

/** What decides who may ask: every key that is accepted, and whether unsigned URLs are. */
export interface Authorisation {
  readonly keys: readonly string[]
  readonly allowUnsafe: boolean
}

/** The keys of a configuration whose secrets are resolved: the current one first, then the previous ones. */
export function authorisationOf(security: Config['security']): Authorisation {
  return {
    keys: [security.key, ...security.previousKeys].filter((key) => key !== ''),
    allowUnsafe: security.allowUnsafe,
  }
}

/** Throws URL_UNSAFE_DISABLED, URL_NO_SIGNATURE or URL_BAD_SIGNATURE. */
export function authorise(url: ParsedUrl, { keys, allowUnsafe }: Authorisation): void {
  switch (url.authority.kind) {
    case 'unsafe':
      if (!allowUnsafe)
        throw new ImgsvcError('URL_UNSAFE_DISABLED', 'sign the path, for example with `imgsvc sign PATH`')
      return
    case 'signature':
      if (!verify(url.authority.signature, url.signedPath, keys)) throw new ImgsvcError('URL_BAD_SIGNATURE')
      return
    case 'none':
      throw new ImgsvcError('URL_NO_SIGNATURE', 'expected /<signature>/<options>/<image>')
  }
}
