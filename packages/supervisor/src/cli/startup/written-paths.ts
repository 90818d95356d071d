import type { Config } from '@imgsvc/core/config/schema'
import { walkValues } from '@imgsvc/core/config/values'

/** Settings that name a directory imgsvc writes to; sources are only read. */
const WRITTEN = /^(?:logs\.dir|(?:storage|results|upload\.storage)(?:\..+)?\.root)$/

/** The directories a configuration has imgsvc write to, absolute. */
export function writtenPaths(config: Config): readonly string[] {
  const paths = walkValues(config).flatMap(({ path, value, meta }) =>
    meta.path && WRITTEN.test(path) && typeof value === 'string' ? [value] : [],
  )
  return [...new Set(paths)]
}
