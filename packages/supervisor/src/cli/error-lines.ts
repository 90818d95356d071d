import { ERRORS, toImgsvcError } from '@imgsvc/core/errors'

/**
 * An error as the lines an operator reads. Several mistakes come as a heading and one line each, as they stand, so
 * that an editor can jump to `file:line:column`.
 */
export function errorLines(error: unknown): readonly string[] {
  const { code, detail, message } = toImgsvcError(error)
  const { text } = ERRORS[code]
  if (code === 'NOT_RUNNING') return [detail === undefined ? text : `${text} (${detail})`]
  // Nothing in the table fits: what the system said is all there is to tell.
  if (code === 'INTERNAL') return [`imgsvc: ${detail ?? text}`]
  if (detail?.includes('\n')) return [`imgsvc: ${text}:`, ...detail.split('\n').filter((line) => line !== '')]
  return [message.startsWith('imgsvc ') ? message : `imgsvc: ${message}`]
}
