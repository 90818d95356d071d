import { MADE_ID_LENGTH } from '@imgsvc/core/config/sections/upload'

/**
 * The id at the beginning of a text, or undefined. thumbor takes the first `maxLength` characters whatever they are
 * (MAX_ID_LENGTH); here they must be letters, digits, `-` and `_`, which no URL, no path and no file with an extension
 * is: uploads share their directory with fetched originals, and must neither show, replace nor delete those. A name may
 * follow an id that is as long as the ids made here: `<id>/cat.jpg`.
 */
export function uploadIdOf(text: string, maxLength: number): string | undefined {
  const run = /^[A-Za-z0-9_-]*/.exec(text)?.[0] ?? ''
  if (run.length >= maxLength) return run.slice(0, maxLength)
  const isNamed = run.length >= MADE_ID_LENGTH && text[run.length] === '/'
  return run !== '' && (isNamed || run === text) ? run : undefined
}
