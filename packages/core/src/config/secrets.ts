import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ImgsvcError } from '../errors.ts'
import { deepFreeze } from './freeze.ts'
import { formatMistakes, type Mistake } from './mistake.ts'
import type { Env } from './overrides.ts'
import type { Config } from './schema.ts'
import { mapValues } from './values.ts'

/** What references are looked up in. */
export interface SecretSources {
  readonly env: Env
  /** Reads a small text file; what it throws becomes part of the message. Without it, the file system. */
  readonly readFile?: ((path: string) => string) | undefined
  /** Directory that relative `file:` paths start from; loaded configurations only have absolute ones. */
  readonly base?: string | undefined
}

/**
 * The value behind `env:NAME` or `file:PATH` (without its last line break), or the text itself.
 * `setting` names the setting in the message. Throws CONFIG_INVALID when the variable or file is missing or empty.
 */
export function resolveSecret(ref: string, sources: SecretSources, setting = 'secret'): string {
  const fail = (message: string, cause?: unknown) =>
    new ImgsvcError('CONFIG_INVALID', formatMistakes([{ path: setting, message }]), { cause })
  if (ref.startsWith('env:')) {
    const name = ref.slice('env:'.length)
    const value = sources.env[name]
    if (value === undefined) throw fail(`the environment variable ${name} is not set`)
    if (value === '') throw fail(`the environment variable ${name} is empty`)
    return value
  }
  if (!ref.startsWith('file:')) return ref
  const path = resolve(sources.base ?? '/', ref.slice('file:'.length))
  let text: string
  try {
    text = sources.readFile ? sources.readFile(path) : readFileSync(path, 'utf8')
  } catch (cause) {
    throw fail(`the file ${path} cannot be read (${(cause as Error).message})`, cause)
  }
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw fail(`the file ${path} is empty`)
  return value
}

/** A copy of a configuration with the values of all secrets in place of their references. Throws CONFIG_INVALID naming every one that is missing. */
export function resolveSecrets(config: Config, sources: SecretSources): Config {
  const mistakes: Mistake[] = []
  const one = (ref: unknown, path: string): unknown => {
    if (typeof ref !== 'string') return ref
    try {
      return resolveSecret(ref, sources, path)
    } catch (error) {
      if (!(error instanceof ImgsvcError)) throw error
      mistakes.push({ message: error.detail ?? error.message })
      return ref
    }
  }
  const resolved = mapValues(config, ({ path, value, meta }) => {
    if (!meta.secret) return value
    return Array.isArray(value) ? value.map((ref, index) => one(ref, `${path}.${index}`)) : one(value, path)
  })
  if (mistakes.length > 0) throw new ImgsvcError('CONFIG_INVALID', formatMistakes(mistakes))
  return deepFreeze(resolved)
}

/** A copy of a configuration that may be shown: secrets are `***`, references (`env:NAME`, `file:PATH`) stay readable. */
export function maskSecrets(config: Config): Config {
  return mapValues(config, ({ value, meta }) => {
    if (!meta.secret) return value
    return Array.isArray(value) ? value.map(masked) : masked(value)
  })
}

function masked(value: unknown): unknown {
  return typeof value !== 'string' || value === '' || /^(?:env|file):/.test(value) ? value : '***'
}
