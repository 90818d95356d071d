import { ImgsvcError } from '../errors.ts'
import type { ParsedUrl, UrlDialect } from './dialect.ts'
import { thumborDialect } from './thumbor.ts'

/** In the order they are asked; thumbor's takes nearly every path and stays last. */
export const DIALECTS: readonly UrlDialect[] = [thumborDialect]

/**
 * Reads a path as received with the first dialect that recognises it. Throws URL_NOT_FOUND when none does, and what
 * that dialect throws.
 */
export function parseUrl(rawPath: string): ParsedUrl {
  const dialect = DIALECTS.find(({ recognises }) => recognises(rawPath))
  if (!dialect) throw new ImgsvcError('URL_NOT_FOUND', 'expected /SIGNATURE/OPTIONS/SOURCE')
  return dialect.parse(rawPath)
}
