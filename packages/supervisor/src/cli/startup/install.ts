import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@imgsvc/core/atomic-file'
import { ImgsvcError } from '@imgsvc/core/errors'

/** Name of the unit file. */
export const UNIT = 'imgsvc.service'
/** Where units of the machine's administrator belong (systemd.unit(5)). */
export const UNIT_DIR = '/etc/systemd/system'

/** What installing came to. */
export type Installed = 'new' | 'changed' | 'unchanged'

/** Writes the unit in one step. Throws STARTUP_REFUSED when it is not allowed or the directory is missing. */
export function installUnit(dir: string, text: string): Installed {
  requireDirectory(dir)
  const path = join(dir, UNIT)
  const existing = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (existing === text) return 'unchanged'
  try {
    writeFileAtomic(path, text, 0o644)
  } catch (error) {
    throw refused(`${path}: ${(error as Error).message}`, error)
  }
  return existing === undefined ? 'new' : 'changed'
}

/** Removes the unit; false when there is none. Throws STARTUP_REFUSED when it is not allowed. */
export function removeUnit(dir: string): boolean {
  const path = join(dir, UNIT)
  if (!existsSync(path)) return false
  requireDirectory(dir)
  try {
    rmSync(path)
  } catch (error) {
    throw refused(`${path}: ${(error as Error).message}`, error)
  }
  return true
}

function requireDirectory(dir: string): void {
  try {
    accessSync(dir, constants.W_OK)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? `${dir} does not exist: is this a machine with systemd?` : `${dir} cannot be written`
    throw refused(`${why}; run it as root, or use --print`, error)
  }
}

function refused(detail: string, cause: unknown): ImgsvcError {
  return new ImgsvcError('STARTUP_REFUSED', detail, { cause })
}
