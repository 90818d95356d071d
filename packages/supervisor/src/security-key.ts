import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'

const KEY_BYTES = 32

export interface KeyedConfig {
  readonly config: Config
  /** A key was made just now; the operator should hear of it. */
  readonly generated: boolean
}

/**
 * A configuration that has a signing key: its own, or a reference to the generated one in `path` (256 bits as hex,
 * 0600), which is made on first use and kept from then on. Throws STATE_DIR_UNUSABLE.
 */
export function withSecurityKey(config: Config, path: string): KeyedConfig {
  if (config.security.key !== '') return { config, generated: false }
  const generated = readKey(path) === undefined && makeKey(path)
  return { config: { ...config, security: { ...config.security, key: `file:${path}` } }, generated }
}

function readKey(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ImgsvcError('STATE_DIR_UNUSABLE', `the signing key ${path}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  // An empty key would sign with nothing; replacing it silently would break every URL signed so far.
  if (text !== '') return text
  throw new ImgsvcError(
    'STATE_DIR_UNUSABLE',
    `the signing key ${path} is empty; restore it, or remove it for a new one`,
  )
}

/** Appears complete or not at all, and never replaces a key: link(2) fails when one is there. */
function makeKey(path: string): boolean {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    linkSync(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new ImgsvcError('STATE_DIR_UNUSABLE', `the signing key ${path}: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    rmSync(temporary, { force: true })
  }
}
