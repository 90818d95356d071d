/** What one entry of a directory holds (TIFF 6.0, section 2). */
interface Entry {
  /** 1 byte, 2 ASCII, 3 short, 4 long … */
  readonly type: number
  readonly count: number
  /** All values together, bytes. */
  readonly size: number
  /** Where the values lie, bytes from the start of the block. */
  readonly at: number
}

/** The first directory of a TIFF, or of an EXIF block, which is built the same. Changes are made in the block itself. */
export interface TiffDirectory {
  /** The numbers of a tag, as far as they lie within the block and are shorts or longs. */
  numbers(tag: number): readonly number[]
  /** Changes a tag that is a single whole number; no other. */
  setNumber(tag: number, value: number): void
  /** Makes it the only directory: in EXIF, the next one holds a small picture of the whole. */
  cutNext(): void
  /** Clears everything but these tags: other entries, other directories and whatever lies between. */
  keepOnly(tags: readonly number[]): void
}

const ENTRY = 12
const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4 }
// Of the types there are, the largest.
const MAX_SIZE = 8

/** Reads a block that begins with its byte order; undefined when it is not one or is damaged. Nothing is followed. */
export function firstDirectory(block: Buffer): TiffDirectory | undefined {
  const order = block.toString('latin1', 0, 4)
  if (block.length < 10 || (order !== 'II*\0' && order !== 'MM\0*')) return undefined
  const little = order === 'II*\0'
  const short = (at: number) => (little ? block.readUInt16LE(at) : block.readUInt16BE(at))
  const long = (at: number) => (little ? block.readUInt32LE(at) : block.readUInt32BE(at))
  const put = (value: number, at: number, size: number) =>
    little ? block.writeUIntLE(value, at, size) : block.writeUIntBE(value, at, size)
  const start = long(4)
  if (start < 8 || start + 2 > block.length) return undefined
  const end = start + 2 + short(start) * ENTRY
  if (end > block.length) return undefined
  const entries = new Map<number, Entry>()
  for (let at = start + 2; at < end; at += ENTRY) {
    const [type, count] = [short(at + 2), long(at + 4)]
    const size = (SIZES[type] ?? MAX_SIZE) * count
    entries.set(short(at), { type, count, size, at: size <= 4 ? at + 8 : long(at + 8) })
  }
  return {
    numbers(tag) {
      const entry = entries.get(tag)
      if (entry?.type !== 3 && entry?.type !== 4) return []
      const [size, read] = entry.type === 3 ? ([2, short] as const) : ([4, long] as const)
      const inside = Math.min(entry.count, Math.max(0, Math.floor((block.length - entry.at) / size)))
      return Array.from({ length: inside }, (_, i) => read(entry.at + i * size))
    },
    setNumber(tag, value) {
      const entry = entries.get(tag)
      if (entry?.count === 1 && entry.type !== 2 && entry.size <= 4) put(value, entry.at, entry.size)
    },
    cutNext() {
      if (end + 4 <= block.length) block.fill(0, end, end + 4)
    },
    keepOnly(tags) {
      const before = Buffer.from(block)
      block.fill(0)
      before.copy(block, 0, 0, 8)
      let kept = 0
      for (let at = start + 2; at < end; at += ENTRY) {
        const tag = little ? before.readUInt16LE(at) : before.readUInt16BE(at)
        const entry = entries.get(tag)
        if (!tags.includes(tag) || !entry || entry.at + entry.size > block.length) continue
        before.copy(block, start + 2 + kept * ENTRY, at, at + ENTRY)
        if (entry.size > 4) before.copy(block, entry.at, entry.at, entry.at + entry.size)
        kept++
      }
      put(kept, start, 2)
    },
  }
}
