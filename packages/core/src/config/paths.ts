import { resolve } from 'node:path'
import type { Config } from './schema.ts'
import { mapValues } from './values.ts'

/** Paths of the file system, and those behind `file:` references, made absolute from a directory. */
export function absolutePaths(config: Config, base: string): Config {
  return mapValues(config, ({ value, meta }) => {
    if (meta.path && typeof value === 'string') return resolve(base, value)
    if (!meta.secret) return value
    return Array.isArray(value) ? value.map((ref) => absoluteReference(ref, base)) : absoluteReference(value, base)
  })
}

function absoluteReference(ref: unknown, base: string): unknown {
  return typeof ref === 'string' && ref.startsWith('file:') ? `file:${resolve(base, ref.slice('file:'.length))}` : ref
}
