/** A piece of a file: where its content lies, bytes from the start. */
export interface FilePart {
  /** The marker of a JPEG segment in two hexadecimal digits, or the four letters of a PNG or WebP chunk. */
  readonly name: string
  readonly start: number
  /** One past the last byte; may lie behind the end of a file that was cut. */
  readonly end: number
}

/**
 * The segments of a JPEG before its pixels, ending with the start of scan (`da`). What is no segment is skipped as
 * libjpeg does (`jdmarker.c`, next_marker), so that nothing it finds stays unseen.
 */
export function* jpegSegments(bytes: Buffer): Generator<FilePart> {
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1] as number
    if (isAlone(marker)) {
      // Any number of fill bytes may stand before a marker (ITU-T T.81 B.1.1.2).
      at += marker === 0xff ? 1 : 2
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2) return
    const end = at + 2 + length
    yield { name: marker.toString(16).padStart(2, '0'), start: at + 4, end }
    if (marker === 0xda) return
    at = end
  }
}

/** No marker, or one without a length: restarts, start and end of the image. */
function isAlone(marker: number): boolean {
  return marker === 0xff || marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9)
}

/** The chunks of a PNG, to IEND or as far as the file goes; each is followed by four bytes of checksum. */
export function* pngChunks(bytes: Buffer): Generator<FilePart> {
  let at = 8
  while (at + 8 <= bytes.length) {
    const part = { name: bytes.toString('latin1', at + 4, at + 8), start: at + 8, end: at + 8 + bytes.readUInt32BE(at) }
    yield part
    if (part.name === 'IEND') return
    at = part.end + 4
  }
}

/** The chunks of a WebP. */
export function* webpChunks(bytes: Buffer): Generator<FilePart> {
  let at = 12
  while (at + 8 <= bytes.length) {
    const part = { name: bytes.toString('latin1', at, at + 4), start: at + 8, end: at + 8 + bytes.readUInt32LE(at + 4) }
    yield part
    at = part.end + (part.end % 2)
  }
}
