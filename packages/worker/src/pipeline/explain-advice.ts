import type { ErrorCode } from '@imgsvc/core/errors'

/** What would be right, by what is wrong; settings are named as in imgsvc.yaml. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  URL_NOT_FOUND: 'a path is /SIGNATURE/OPTIONS/SOURCE',
  URL_MALFORMED: 'percent-encode the path once, as UTF-8',
  URL_TOO_LONG: 'shorten it, or raise limits.urlLength',
  URL_NO_SIGNATURE: 'put the signature in front of it: `imgsvc sign PATH`',
  URL_BAD_SIGNATURE: 'sign exactly that text: `imgsvc sign PATH`, with security.key or one of security.previousKeys',
  URL_UNSAFE_DISABLED: 'sign it with `imgsvc sign PATH`, or set security.allowUnsafe to true',
  FILTER_INVALID: '`imgsvc filters NAME` shows what a filter takes; at most limits.filters of them are allowed',
  VIDEO_REFUSED:
    'leave gifv() out for anything but an animated GIF, and have an ffmpeg that tools.ffmpeg or the PATH leads to',
  OUTPUT_TOO_LARGE: 'ask for a smaller size or fewer filters, or raise images.maxOutputPixels',
  SOURCE_NOT_FOUND: 'put it into one of the places that `sources` names, or correct the name',
  SOURCE_REFUSED: 'allow the host in the http entry of `sources`, or take it off the blacklist',
  SOURCE_TOO_LARGE: 'use a smaller original, or raise limits.sourceBytes',
  SOURCE_UNDECODABLE: 'the original is damaged or no picture: replace it',
  SOURCE_UNSUPPORTED: 'convert it to JPEG, PNG, WebP, GIF, AVIF, TIFF or SVG',
  SOURCE_TOO_MANY_PIXELS: 'use a smaller original, or raise images.maxPixels or images.maxAnimationPixels',
  SOURCE_TOO_MANY_FRAMES: 'use a shorter animation, or raise images.maxFrames',
  SOURCE_FAILED: 'see that the host or store it comes from can be reached from here',
  SOURCE_TIMEOUT: 'see that the host or store it comes from answers from here',
  STORE_FAILED: 'see that the store under `storage` or `results` can be used from here',
  BUSY: 'try again, or raise workers.queue',
  DEADLINE: 'try again, or raise workers.deadline',
}

/** One sentence on what would be right; undefined where nothing general can be said. */
export function adviceFor(code: ErrorCode): string | undefined {
  return ADVICE[code]
}

/** Every error with advice. */
export const ADVISED = Object.keys(ADVICE) as readonly ErrorCode[]
