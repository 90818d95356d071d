import { jpegSegments } from './file-parts.ts'

/** Luminance table of ITU-T T.81 annex K in the order it is stored, which libjpeg scales to a quality. */
const STANDARD = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61,
  60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121,
  112, 100, 120, 92, 101, 103, 99,
] as const

/**
 * The quality, 1 to 100, at which libjpeg would quantise as coarsely as a JPEG was: exact for files written with
 * its own tables, the nearest on average for others. Undefined without a table for brightness.
 */
export function jpegQuality(bytes: Buffer): number | undefined {
  const table = luminanceTable(bytes)
  if (!table) return undefined
  const difference = (quality: number) => {
    const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2
    return STANDARD.reduce((sum, standard, i) => {
      const scaled = Math.min(Math.max(Math.floor((standard * scale + 50) / 100), 1), 255)
      return sum + Math.abs(scaled - (table[i] as number))
    }, 0)
  }
  let best = 1
  let least = Number.POSITIVE_INFINITY
  for (let quality = 1; quality <= 100; quality++) {
    const sum = difference(quality)
    if (sum < least) [best, least] = [quality, sum]
  }
  return best
}

/** The 64 divisors of table 0, which every encoder uses for brightness (ITU-T T.81 B.2.4.1). */
function luminanceTable(bytes: Buffer): number[] | undefined {
  for (const { name, start, end } of jpegSegments(bytes)) {
    if (name !== 'db' || end > bytes.length) continue
    for (let at = start; at < end; ) {
      const [wide, id] = [(bytes[at] as number) >> 4 !== 0, (bytes[at] as number) & 15]
      const size = wide ? 128 : 64
      if (at + 1 + size > end) break
      if (id === 0) {
        const first = at + 1
        return STANDARD.map((_, i) => (wide ? bytes.readUInt16BE(first + i * 2) : (bytes[first + i] as number)))
      }
      at += 1 + size
    }
  }
  return undefined
}
