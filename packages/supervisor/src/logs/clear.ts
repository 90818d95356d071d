import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClearResult } from '@imgsvc/core/control'
import { fileNameOf, type ProcessId } from '@imgsvc/core/process'

/**
 * Empties the two log files of each process in place: their writers append, so nothing has to be reopened. Rotated files
 * stay, as with supervisord (`rpcinterface.py`, clearProcessLogs). Never rejects.
 */
export function clearLogs(dir: string, ids: readonly ProcessId[]): Promise<ClearResult[]> {
  return Promise.all(
    ids.map(async (id) => {
      const failures = await Promise.all(
        ['log', 'stderr.log'].map((end) => empty(join(dir, `${fileNameOf(id)}.${end}`))),
      )
      const reason = failures.find((failure) => failure !== undefined)
      return { id, ok: reason === undefined, ...(reason !== undefined && { reason }) }
    }),
  )
}

/** Resolves to why it failed; a file that is not there is empty. */
async function empty(path: string): Promise<string | undefined> {
  try {
    await truncate(path, 0)
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : message
  }
}
