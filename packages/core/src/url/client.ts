import { type ImageOptions, imageRequest } from './image-options.ts'
import { formatThumbor } from './thumbor-format.ts'
import { signPath } from './web-signer.ts'

/*
 * `@imgsvc/core/url`: image URLs for programs that are no part of the service. It needs nothing but ECMAScript and
 * TextEncoder, TextDecoder, crypto.subtle and btoa, so it runs in Node, browsers and at the edge; a test holds it to that.
 */

/** The URL of one picture, not yet authorised. */
export interface ImageUrl {
  /** Options and source: what a signature covers. */
  readonly path: string
  /**
   * The URL signed with `security.key`. Where others can read the code, such as in a page, sign on the server instead:
   * who has the key can sign anything. Rejects with CONFIG_INVALID for an empty key.
   */
  sign(key: string): Promise<string>
  /** The unsigned URL, for services with `security.allowUnsafe`. */
  unsafe(): string
}

export interface ImageUrlOptions extends ImageOptions {
  /** Put in front of the path, such as `https://img.example.com`. */
  readonly base?: string | undefined
}

/** The URL of a picture. Throws URL_MALFORMED, whose message names the option and what would be right. */
export function imageUrl(options: ImageUrlOptions): ImageUrl {
  const path = formatThumbor(imageRequest(options))
  const base = (options.base ?? '').replace(/\/+$/, '')
  return {
    path,
    sign: async (key) => `${base}/${await signPath(path, key)}/${path}`,
    unsafe: () => `${base}/unsafe/${path}`,
  }
}
