import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Replaces a small state file in one step: readers see the old content or the new, never half of it.
 * Synchronous, because callers must know that it is there before they go on. Throws the system's error.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const file = openSync(temporary, 'wx', mode)
  try {
    try {
      writeFileSync(file, content)
      // The umask must not take away what somebody was meant to have.
      if (mode !== 0o600) fchmodSync(file, mode)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
