import type { BigIntStats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import { unquoteLossy } from '@imgsvc/core/url/percent'
import { errnoOf, isMissing } from '../stores/errno.ts'
import { readRegular } from '../stores/read-regular.ts'
import type { RecentFiles } from '../stores/recent-files.ts'
import type { Blob, IoOptions } from '../stores/store.ts'
import type { Loader } from './loader.ts'
import { isWebUrl } from './web-url.ts'

export interface FileLoaderOptions {
  readonly root: string
  readonly recent?: RecentFiles | undefined
}

/**
 * Originals below one directory (`thumbor/loaders/file_loader.py`). The decoded name is tried first, then the name as
 * written; both must lie below the root as text and, unlike in thumbor, after every symbolic link is followed.
 */
export function createFileLoader({ root, recent }: FileLoaderOptions): Loader {
  const base = resolve(root)
  return {
    name: 'file',
    local: true,
    accepts: (source) => !isWebUrl(source),
    async load(source, io) {
      for (const path of candidates(base, source)) {
        const found = await readInside(base, path, io, recent)
        if (found) return found
      }
      throw new ImgsvcError('SOURCE_NOT_FOUND', source)
    },
  }
}

/** Absolute paths to try, those outside the root left out. Checked after decoding: `%2e%2e/` is as good as `../`. */
function candidates(base: string, source: string): readonly string[] {
  const names = new Set([unquoteLossy(source), source])
  return [...names]
    .filter((name) => !name.includes('\0'))
    .map((name) => join(base, name.replace(/^\/+/, '')))
    .filter((path) => isBelow(base, path))
}

/** With the separator: `/srv/img-secret` is not below `/srv/img`. */
function isBelow(base: string, path: string): boolean {
  return path.startsWith(base.endsWith(sep) ? base : base + sep)
}

async function readInside(
  base: string,
  path: string,
  io: IoOptions,
  recent: RecentFiles | undefined,
): Promise<Blob | undefined> {
  try {
    return await readRegular(path, io, { admit: (opened) => isReallyBelow(base, path, opened), recent })
  } catch (error) {
    const errno = errnoOf(error)
    if (error instanceof ImgsvcError || errno === undefined) throw error
    throw new ImgsvcError('SOURCE_FAILED', `reading ${path} failed with ${errno}`, { cause: error })
  }
}

/**
 * Compares the file already open with the one its real path leads to: when both are one inode and that path is below
 * the real root, then swapping a link between check and use gains nothing. The root is resolved each time, because it
 * may itself be a link that a deployment turns.
 */
async function isReallyBelow(base: string, path: string, opened: BigIntStats): Promise<boolean> {
  try {
    const [realRoot, realPath] = await Promise.all([realpath(base), realpath(path)])
    if (!isBelow(realRoot, realPath)) return false
    const named = await stat(realPath, { bigint: true })
    return named.dev === opened.dev && named.ino === opened.ino
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
