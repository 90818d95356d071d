/** PhotometricInterpretation (TIFF 6.0, section 8). */
const PHOTOMETRIC = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, cmyk: 5 } as const

export interface TiffParts {
  readonly order?: 'II' | 'MM'
  /** px */
  readonly width: number
  readonly height: number
  readonly bits: 1 | 8 | 16
  readonly photometric: keyof typeof PHOTOMETRIC
  readonly samplesPerPixel: number
  /** Of those, after the colours. */
  readonly alpha?: boolean
  /** 1 to 8, as EXIF has it. */
  readonly orientation?: number
  /** Samples row by row in the byte order of the file. */
  readonly data: Buffer
  /** Where the next directory lies; 0: there is none. */
  readonly next?: number
}

/** An uncompressed TIFF of one page and one strip, its directory first, in depths and colours sharp does not write. */
export function tiffOf(parts: TiffParts): Buffer {
  const { order = 'II', width, height, bits, photometric, samplesPerPixel, alpha, orientation, data, next = 0 } = parts
  const entries: [tag: number, values: number[]][] = [
    [256, [width]],
    [257, [height]],
    [258, new Array<number>(Math.min(samplesPerPixel, 16)).fill(bits)],
    [259, [1]],
    [262, [PHOTOMETRIC[photometric]]],
    [273, [0]],
    ...(orientation ? [[274, [orientation]] as [number, number[]]] : []),
    [277, [samplesPerPixel]],
    [278, [height]],
    [279, [data.length]],
    ...(alpha ? [[338, [2]] as [number, number[]]] : []),
  ]
  const end = 8 + 2 + entries.length * 12 + 4
  const listed = entries.filter(([, values]) => values.length > 2)
  const pixels = end + listed.reduce((sum, [, values]) => sum + values.length * 2, 0)
  const head = Buffer.alloc(pixels)
  const short = (value: number, at: number) =>
    order === 'II' ? head.writeUInt16LE(value, at) : head.writeUInt16BE(value, at)
  const long = (value: number, at: number) =>
    order === 'II' ? head.writeUInt32LE(value, at) : head.writeUInt32BE(value, at)
  head.write(order, 'latin1')
  short(42, 2)
  long(8, 4)
  short(entries.length, 8)
  let behind = end
  for (const [i, [tag, values]] of entries.entries()) {
    const at = 10 + i * 12
    const single = tag === 273 ? [pixels] : values
    short(tag, at)
    short(single.length === 1 ? 4 : 3, at + 2)
    long(single.length, at + 4)
    if (single.length === 1) long(single[0] as number, at + 8)
    else if (single.length === 2) for (const [n, value] of single.entries()) short(value, at + 8 + n * 2)
    else {
      long(behind, at + 8)
      for (const [n, value] of single.entries()) short(value, behind + n * 2)
      behind += single.length * 2
    }
  }
  long(next, end - 4)
  return Buffer.concat([head, data])
}
