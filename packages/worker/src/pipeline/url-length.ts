import { ImgsvcError } from '@imgsvc/core/errors'

/** Throws URL_TOO_LONG when the URL has more than `most` bytes (`limits.urlLength`); received URLs are ASCII. */
export function checkUrlLength(rawUrl: string, most: number): void {
  if (rawUrl.length > most) {
    throw new ImgsvcError('URL_TOO_LONG', `${rawUrl.length} bytes; at most ${most} are allowed`)
  }
}
