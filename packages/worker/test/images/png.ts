import { crc32, deflateSync } from 'node:zlib'

/** PNG's colour types (ISO/IEC 15948, 11.2.2). */
const COLOUR_TYPES = { gray: 0, rgb: 2, palette: 3, grayAlpha: 4, rgba: 6 } as const

export interface PngParts {
  /** px */
  readonly width: number
  readonly height: number
  /** Bits of a sample. */
  readonly bits: 1 | 2 | 4 | 8 | 16
  readonly colour: keyof typeof COLOUR_TYPES
  /** Rows as they are packed, without the filter byte. */
  readonly rows: readonly Buffer[]
  /** RGB of each entry. */
  readonly palette?: readonly (readonly [number, number, number])[]
}

/** A PNG with exactly these samples, also in the depths that encoders do not offer. */
export function pngOf({ width, height, bits, colour, rows, palette }: PngParts): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = bits
  header[9] = COLOUR_TYPES[colour]
  const packed = Buffer.concat(rows.flatMap((row) => [Buffer.from([0]), row]))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from(palette.flat()))] : []),
    chunk('IDAT', deflateSync(packed)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, body: Buffer): Buffer {
  const framed = Buffer.concat([Buffer.from(name, 'latin1'), body])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  sum.writeUInt32BE(crc32(framed))
  return Buffer.concat([length, framed, sum])
}
