import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type StatePaths, statePaths } from '@imgsvc/core/state-dir'

/** What an operator can do about a state directory that cannot be used. */
export const STATE_DIR_HINT = 'choose another with --state-dir'

/** A directory in which processes of several users make files, and none touches those of others (account-files.ts). */
export const SHARED_MODE = 0o3770

/**
 * Makes the state directory and its `run` (0700, as sockets and keys live there) and proves that they can be written.
 * Throws STATE_DIR_UNUSABLE with the reason.
 */
export function prepareStateDir(root: string): StatePaths {
  const paths = statePaths(root)
  makeDirectory(paths.root, 0o700, STATE_DIR_HINT)
  makeDirectory(paths.run, 0o700, STATE_DIR_HINT)
  const probe = join(paths.run, `.probe-${process.pid}`)
  try {
    // A supervisor may be at work here with processes of other users; whether they may stay is known later.
    if ((statSync(paths.run).mode & 0o7777) !== SHARED_MODE) chmodSync(paths.run, 0o700)
    writeFileSync(probe, '', { mode: 0o600 })
    rmSync(probe)
  } catch (error) {
    throw unusable(paths.run, error, STATE_DIR_HINT)
  }
  return paths
}

/** Makes a directory and its parents; `hint` says what to change. Throws STATE_DIR_UNUSABLE with the reason. */
export function makeDirectory(path: string, mode: number, hint: string): void {
  try {
    // Also when it exists: a file of that name is found out here.
    makeWithParents(path, mode)
  } catch (error) {
    throw unusable(path, error, hint)
  }
}

/** As `recursive: true`, which never returns where the system answers ENOENT below a directory that exists (/proc). */
function makeWithParents(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(path)
  if (parent !== path) makeWithParents(parent, mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Somebody else may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

function unusable(path: string, cause: unknown, hint: string): ImgsvcError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ImgsvcError('STATE_DIR_UNUSABLE', `${path}: ${reason}; ${hint}`, { cause })
}
