import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

/** Brought into a byte. */
export function clampByte(value: number): number {
  return Math.min(Math.max(value, 0), 255)
}

/** What one channel of a byte becomes, for every byte. */
export function makeTable(curve: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => clampByte(curve(value)))
}

/** Channel values plus `percent` of 255, as `thumbor/ext/filters/_brightness.c`: division towards zero. */
export function brightnessTable(percent: number): Uint8Array {
  const delta = Math.trunc((255 * percent) / 100)
  return makeTable((value) => value + delta)
}

/**
 * Distance from the middle gray scaled by ((percent + 100) / 100)², as `thumbor/ext/filters/_contrast.c`: divisions
 * towards zero. The square makes −150 the same as −50.
 */
export function contrastTable(percent: number): Uint8Array {
  const factor = Math.trunc((percent + 100) ** 2 / 100)
  return makeTable((value) => Math.trunc((factor * (value - 128)) / 100) + 128)
}

/**
 * A byte of a colour laid over the picture at `percent`; more than 100 goes on past it
 * (`thumbor/ext/filters/_colorize.c`).
 */
export function colorizeTable(percent: number, colour: number): Uint8Array {
  return makeTable((value) => Math.trunc((value * (100 - percent) + colour * percent) / 100))
}

/** One table for each of red, green and blue. */
export type ColourTables = readonly [Uint8Array, Uint8Array, Uint8Array]

/** Sends every colour channel through a table of its own; alpha stays. Takes pictures of 3 or 4 channels. */
export async function throughTables(image: RawImage, [red, green, blue]: ColourTables): Promise<RawImage> {
  const { data, width, height, channels } = image
  const out = new Uint8Array(data.length)
  const stride = width * channels
  await inSlices(height, stride, (from, to) => {
    for (let i = from * stride; i < to * stride; i += channels) {
      out[i] = red[data[i] as number] as number
      out[i + 1] = green[data[i + 1] as number] as number
      out[i + 2] = blue[data[i + 2] as number] as number
      if (channels === 4) out[i + 3] = data[i + 3] as number
    }
  })
  return { ...image, data: out }
}

/** Sends every colour channel through the table; alpha stays. */
export async function throughTable(image: RawImage, table: Uint8Array): Promise<RawImage> {
  const { data, width, height, channels } = image
  const out = new Uint8Array(data.length)
  const alpha = channels === 2 || channels === 4
  const stride = width * channels
  await inSlices(height, stride, (from, to) => {
    for (let i = from * stride; i < to * stride; i++) out[i] = table[data[i] as number] as number
    if (!alpha) return
    for (let i = from * stride + channels - 1; i < to * stride; i += channels) out[i] = data[i] as number
  })
  return { ...image, data: out }
}
