import type { BigIntStats } from 'node:fs'
import { LRUCache } from 'lru-cache'

/**
 * Bytes of files read lately, by path and by what the kernel says of the file there: any change of its content, name or
 * place makes it another one. The bytes are shared and must not be written to.
 */
export interface RecentFiles {
  get(path: string, found: BigIntStats): Buffer | undefined
  /** Call for a file that was admitted: whoever finds it here again is not checked again. */
  set(path: string, opened: BigIntStats, bytes: Buffer): void
}

// A file changed twice within one tick of the kernel's clock shows the same times (git calls it racy): what was
// changed only just now is not kept.
const SETTLED_MS = 2000

/** The least recently used go first beyond `maxBytes`; nothing larger than a quarter of it is kept. 0: nothing is. */
export function createRecentFiles(maxBytes: number, now: () => number): RecentFiles {
  if (maxBytes === 0) return { get: () => undefined, set: () => {} }
  const files = new LRUCache<string, Buffer>({
    maxSize: maxBytes,
    maxEntrySize: Math.max(1, Math.floor(maxBytes / 4)),
    sizeCalculation: (bytes) => bytes.length + 1,
  })
  return {
    get: (path, found) => files.get(identityOf(path, found)),
    set(path, opened, bytes) {
      const isWhole = BigInt(bytes.length) === opened.size
      const isSettled = now() - Number(opened.ctimeNs / 1_000_000n) > SETTLED_MS
      if (isWhole && isSettled) files.set(identityOf(path, opened), bytes)
    },
  }
}

function identityOf(path: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${path}:${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}
