import { appendFile, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isMissing } from './errno.ts'
import { guarded } from './file.ts'
import { originalPath } from './keys.ts'
import { makeDirectory } from './make-directory.ts'

/** Bytes; the whole list is held in memory by every worker. */
export const BLACKLIST_BYTES = 4 * 1024 * 1024

/** The list of refused sources as one text, a line each, shared by all workers. Everything throws STORE_FAILED. */
export interface BlacklistText {
  /** The same string until the file changes; empty when there is none. */
  read(): Promise<string>
  /** Adds one line. Throws BLACKLIST_FULL. */
  add(line: string): Promise<void>
}

/** Nowhere to keep a list: nothing is refused, and nothing can be added. */
export const NO_BLACKLIST: BlacklistText = {
  read: () => Promise.resolve(''),
  add: () => Promise.reject(new ImgsvcError('STORE_FAILED', 'there is no storage of originals to keep it in')),
}

/**
 * Kept in the storage of originals under thumbor's key `blacklist.txt`, but it never expires. Workers see each other's
 * additions because every `read` looks at the file's size and time; additions are appended, so that none gets lost.
 */
export function createBlacklistFile(root: string, maxBytes = BLACKLIST_BYTES): BlacklistText {
  const path = join(root, originalPath('blacklist.txt'))
  let known = { version: '', text: '' }

  const read = () =>
    guarded('read', root, async () => {
      const found = await stat(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      })
      const version = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : ''
      if (version === known.version) return known.text
      const text = found ? await readFile(path, 'utf8') : ''
      known = { version, text }
      return text
    })

  return {
    read,
    async add(line) {
      const added = addition(await read(), line, maxBytes)
      await guarded('write', root, async () => {
        await makeDirectory(dirname(path))
        // One small write in append mode: two workers adding at once do not overwrite each other.
        await appendFile(path, added, { mode: 0o600 })
      })
    },
  }
}

/** What has to be put behind the text so that the line is added. Throws BLACKLIST_FULL. */
export function addition(text: string, line: string, maxBytes: number): string {
  // A list edited by hand may lack its last line break.
  const added = text === '' || text.endsWith('\n') ? `${line}\n` : `\n${line}\n`
  const size = Buffer.byteLength(text)
  if (size + Buffer.byteLength(added) <= maxBytes) return added
  throw new ImgsvcError('BLACKLIST_FULL', `${size} of ${maxBytes} bytes are used`)
}
