import { jpegSegments } from './file-parts.ts'

const SIGNATURE = 'Photoshop 3.0\0'
const IPTC = 0x0404
// A segment says its own length, itself included, in 16 bits.
const MAX_SEGMENT = 65_533

/**
 * The IPTC-NAA record of a JPEG (caption, author, place …) as the segment to put into another one; undefined without
 * one. Photoshop keeps other things beside it, a small picture of the whole among them, which stay behind.
 */
export function iptcSegment(bytes: Buffer): Buffer | undefined {
  for (const { name, start, end } of jpegSegments(bytes)) {
    if (name !== 'ed' || end > bytes.length) continue
    const segment = bytes.subarray(start, end)
    if (segment.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) continue
    const record = findResource(segment.subarray(SIGNATURE.length), IPTC)
    if (record) return wrap(record)
  }
  return undefined
}

/** A JPEG with a segment more, behind those that stand before all others (JFIF, EXIF). */
export function insertSegment(jpeg: Buffer, segment: Buffer): Buffer {
  let at = 2
  for (const { name, end } of jpegSegments(jpeg)) {
    if (name !== 'e0' && name !== 'e1') break
    at = end
  }
  return Buffer.concat([jpeg.subarray(0, at), segment, jpeg.subarray(at)])
}

/** One image resource: `8BIM`, its number, a name and a length, each padded to whole words (Photoshop file formats). */
function findResource(resources: Buffer, wanted: number): Buffer | undefined {
  let at = 0
  while (at + 12 <= resources.length && resources.toString('latin1', at, at + 4) === '8BIM') {
    const id = resources.readUInt16BE(at + 4)
    const nameLength = resources[at + 6] as number
    const sizeAt = at + 6 + nameLength + 1 + ((nameLength + 1) % 2)
    if (sizeAt + 4 > resources.length) return undefined
    const start = sizeAt + 4
    const end = start + resources.readUInt32BE(sizeAt)
    if (end > resources.length) return undefined
    if (id === wanted) return resources.subarray(start, end)
    at = end + (end % 2)
  }
  return undefined
}

function wrap(record: Buffer): Buffer | undefined {
  const head = Buffer.alloc(4 + SIGNATURE.length + 12)
  const padding = Buffer.alloc(record.length % 2)
  const length = head.length - 2 + record.length + padding.length
  if (length > MAX_SEGMENT) return undefined
  head.writeUInt16BE(0xffed, 0)
  head.writeUInt16BE(length, 2)
  head.write(`${SIGNATURE}8BIM`, 4, 'latin1')
  head.writeUInt16BE(IPTC, 4 + SIGNATURE.length + 4)
  head.writeUInt32BE(record.length, 4 + SIGNATURE.length + 8)
  return Buffer.concat([head, record, padding])
}
