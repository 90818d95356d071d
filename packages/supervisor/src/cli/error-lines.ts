import { ERRORS, ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'

/**
 * An error as the lines an operator reads. Several mistakes come as a heading and one line each, as they stand, so
 * that an editor can jump to `file:line:column`.
 */
export function errorLines(error: unknown): readonly string[] {
  const { code, detail, message, cause } = toImgsvcError(error)
  const { text } = ERRORS[code]
  // Somebody listens there, but is silent: saying that nothing runs would be wrong.
  const isSilent = cause instanceof ImgsvcError && cause.code === 'DEADLINE'
  if (code === 'NOT_RUNNING' && isSilent) return [`imgsvc does not answer (${detail})`]
  if (code === 'NOT_RUNNING') return [detail === undefined ? text : `${text} (${detail})`]
  // Nothing in the table fits: what the system said is all there is to tell.
  if (code === 'INTERNAL') return [`imgsvc: ${detail ?? text}`]
  if (detail?.includes('\n')) return [`imgsvc: ${text}:`, ...detail.split('\n').filter((line) => line !== '')]
  return [message.startsWith('imgsvc ') ? message : `imgsvc: ${message}`]
}
