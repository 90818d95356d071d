import { appendFileSync, readFileSync, renameSync, statSync } from 'node:fs'

/** More than this takes too long to copy while a worker is missing. */
const MOST_BYTES = 16 * 1024 ** 2

/**
 * Makes the raw output of one process, `from`, that of another, `to`: the descriptor follows the file. What stands in
 * `to`, and is not rotated yet, is kept in front of what comes. Returns where the new output begins; undefined when it
 * cannot be done, and `to` is as it was then.
 */
export function takeOutput(from: string, to: string): number | undefined {
  try {
    const rest = restOf(to)
    if (!rest) return undefined
    if (rest.length > 0) appendFileSync(from, rest)
    renameSync(from, to)
    return statSync(to).size
  } catch {
    return undefined // a full disk or a deleted directory: a fresh process copes with both
  }
}

function restOf(path: string): Uint8Array | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > MOST_BYTES) return undefined
  if (size === 0) return new Uint8Array()
  const bytes = readFileSync(path)
  // What the rotation has taken out reads as NULs.
  const begin = bytes.findIndex((byte) => byte !== 0)
  return begin === -1 ? new Uint8Array() : bytes.subarray(begin)
}
