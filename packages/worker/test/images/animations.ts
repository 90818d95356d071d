import sharp from 'sharp'
import { sample } from './pictures.ts'

/** What happens to a frame once its time is over (GIF89a, section 23). */
export const DISPOSAL = { keep: 1, clear: 2, restore: 3 } as const

export interface GifFrame {
  /** Index into the palette of `gif`: black, red, green, blue. */
  readonly colour: number
  /** Place and size; the whole screen when absent, px. */
  readonly left?: number
  readonly top?: number
  readonly width?: number
  readonly height?: number
  /** Hundredths of a second. */
  readonly delay?: number
  readonly disposal?: number
  /** This palette index is clear. */
  readonly clear?: number
  /** Its pixels are no codes of any kind. */
  readonly broken?: boolean
}

export interface GifFile {
  readonly width: number
  readonly height: number
  readonly frames: readonly GifFrame[]
  /** Written only when given: how often it is repeated, 0 for ever. */
  readonly repeat?: number
}

const PALETTE = Buffer.from([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])

/** A GIF of one-coloured boxes, byte by byte, so that a test may ask for what encoders never write. */
export function gif({ width, height, frames, repeat }: GifFile): Buffer {
  const loop =
    repeat === undefined
      ? []
      : [Buffer.from([0x21, 0xff, 11]), Buffer.from('NETSCAPE2.0'), Buffer.from([3, 1]), u16(repeat), Buffer.from([0])]
  return Buffer.concat([
    Buffer.from('GIF89a'),
    u16(width),
    u16(height),
    Buffer.from([0x91, 0, 0]),
    PALETTE,
    ...loop,
    ...frames.map((frame) => frameBlocks(frame, width, height)),
    Buffer.from([0x3b]),
  ])
}

function frameBlocks(frame: GifFrame, screenWidth: number, screenHeight: number): Buffer {
  const { left = 0, top = 0, width = screenWidth, height = screenHeight } = frame
  const { colour, delay = 10, disposal = DISPOSAL.keep, clear, broken } = frame
  const pixels = codes(colour, width * height)
  if (broken) pixels.fill(0xff)
  return Buffer.concat([
    Buffer.from([0x21, 0xf9, 4, (disposal << 2) | (clear === undefined ? 0 : 1)]),
    u16(delay),
    Buffer.from([clear ?? 0, 0, 0x2c]),
    u16(left),
    u16(top),
    u16(width),
    u16(height),
    Buffer.from([0, 2]),
    blocks(pixels),
    Buffer.from([0]),
  ])
}

/** `count` pixels of one colour as codes of three bits; a clear code before every second pixel keeps them that short. */
function codes(colour: number, count: number): Buffer {
  const [clear, end] = [4, 5]
  const bytes: number[] = []
  let held = 0
  let bits = 0
  const put = (code: number) => {
    held |= code << bits
    bits += 3
    for (; bits >= 8; bits -= 8, held >>= 8) bytes.push(held & 255)
  }
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) put(clear)
    put(colour)
  }
  put(end)
  if (bits > 0) bytes.push(held & 255)
  return Buffer.from(bytes)
}

function blocks(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255)
    parts.push(Buffer.from([part.length]), part)
  }
  return Buffer.concat(parts)
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export interface Timing {
  /** ms */
  readonly delay: number[]
  readonly loop: number
}

/** A photo that moves to the left and back, 12 px a frame: a frame differs everywhere from the one before. */
export async function moving(
  format: 'gif' | 'webp',
  width: number,
  height: number,
  timing: Timing = { delay: [40, 80, 120, 160], loop: 3 },
): Promise<Buffer> {
  const frames = await Promise.all(
    timing.delay.map((_, i) =>
      sharp(sample('coffee.png'))
        .extract({ left: (i % 10) * 12, top: 0, width: 480, height: 320 })
        .resize(width, height, { fit: 'fill' })
        .png()
        .toBuffer(),
    ),
  )
  const joined = sharp(frames, { join: { animated: true } })
  return (format === 'gif' ? joined.gif(timing) : joined.webp({ ...timing, lossless: true })).toBuffer()
}

/** One frame as PNG, as a viewer shows it. */
export function frameAt(animation: Buffer, page: number): Promise<Buffer> {
  return sharp(animation, { page, failOn: 'none' }).png().toBuffer()
}

/** What a reader finds in the header of an animation. */
export async function animationOf(bytes: Buffer) {
  const { format, pages = 1, delay, loop, width, height } = await sharp(bytes).metadata()
  return { format, pages, delay, loop, width, height }
}
