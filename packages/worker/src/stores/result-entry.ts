import { createHash } from 'node:crypto'
import type { StoredResult } from '../pipeline/types.ts'

// magic and version (8) | SHA-1 of everything behind it (20) | length of the header, big endian (4) | header, JSON | body
const MAGIC = Buffer.from('imgsvcR1')
const DIGEST_AT = MAGIC.length
const LENGTH_AT = DIGEST_AT + 20
const HEADER_AT = LENGTH_AT + 4

interface Header extends Omit<StoredResult, 'data'> {
  /** The whole key: a file moved or restored under another name must not answer for it. */
  readonly key: string
}

/** One entry as the parts of its file. SHA-1 guards against accidents, not against people with write access. */
export function encodeEntry(key: string, result: StoredResult): readonly Buffer[] {
  const { data, ...rest } = result
  const header = Buffer.from(JSON.stringify({ key, ...rest } satisfies Header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(header.length)
  const digest = createHash('sha1').update(length).update(header).update(data).digest()
  return [MAGIC, digest, length, header, data]
}

/** The entry in a file; undefined when it is of another version, cut short, altered or belongs to another key. */
export function decodeEntry(key: string, file: Buffer): StoredResult | undefined {
  if (file.length < HEADER_AT || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const digest = createHash('sha1').update(file.subarray(LENGTH_AT)).digest()
  if (!digest.equals(file.subarray(DIGEST_AT, LENGTH_AT))) return undefined
  // From here on the bytes are those that encodeEntry wrote.
  const bodyAt = HEADER_AT + file.readUInt32BE(LENGTH_AT)
  const { key: written, ...rest } = JSON.parse(file.toString('utf8', HEADER_AT, bodyAt)) as Header
  return written === key ? { ...rest, data: file.subarray(bodyAt) } : undefined
}
