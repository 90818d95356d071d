/** A file in the log directory. */
export interface StoredLog {
  readonly name: string
  /** Disk space, bytes: less than the size of a file with holes. */
  readonly bytes: number
  /** Last write, epoch ms. */
  readonly modified: number
}

// Room for what is written until the next look.
const HEADROOM = 0.1

/**
 * The files to delete, oldest first, so that all together keep below `maxTotal` (0: no limit); those in `live` stay,
 * as their writers would go on writing to them. Pure.
 */
export function overCap(files: readonly StoredLog[], live: ReadonlySet<string>, maxTotal: number): readonly string[] {
  if (maxTotal === 0) return []
  let excess = files.reduce((sum, { bytes }) => sum + bytes, 0) - maxTotal * (1 - HEADROOM)
  const candidates = files.filter(({ name }) => !live.has(name)).sort((a, b) => a.modified - b.modified)
  const chosen: string[] = []
  for (const { name, bytes } of candidates) {
    if (excess <= 0) break
    chosen.push(name)
    excess -= bytes
  }
  return chosen
}

/** The size at which one of `count` logs is rotated: never so large that the live files alone could fill the cap. */
export function rotationSize(maxBytes: number, maxTotal: number, count: number): number {
  if (maxTotal === 0 || count === 0) return maxBytes
  const share = Math.max(1, Math.floor(maxTotal / 4 / count))
  return maxBytes === 0 ? share : Math.min(maxBytes, share)
}
