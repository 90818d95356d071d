import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

/** A stretch of columns or rows of a frame that keep their length or share what is left. */
interface Span {
  readonly start: number
  readonly length: number
  readonly stretches: boolean
}

/** How a frame is put around a picture, read from the line of pixels around it. */
export interface NinePatch {
  readonly columns: readonly Span[]
  readonly rows: readonly Span[]
  /** Px between the edge of the frame and the picture inside. */
  readonly padding: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
}

/**
 * Reads the marks of an Android nine-patch: black pixels on the upper and left line stretch, those on the lower and
 * right line are where the picture goes. Without marks everything stretches and the picture fills the frame.
 * Takes RGBA; undefined when nothing is left inside of the lines.
 */
export function readNinePatch({ data, width, height }: RawImage): NinePatch | undefined {
  if (width < 3 || height < 3) return undefined
  const isMark = (x: number, y: number) => {
    const at = (y * width + x) * 4
    return data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 0 && data[at + 3] === 255
  }
  const [left, right] = margins(width, (x) => isMark(x, height - 1))
  const [top, bottom] = margins(height, (y) => isMark(width - 1, y))
  return {
    columns: spans(width, (x) => isMark(x, 0)),
    rows: spans(height, (y) => isMark(0, y)),
    padding: { left, top, right, bottom },
  }
}

function spans(length: number, stretches: (at: number) => boolean): Span[] {
  const found: { start: number; length: number; stretches: boolean }[] = []
  for (let at = 1; at < length - 1; at++) {
    const last = found.at(-1)
    if (last?.stretches === stretches(at)) last.length++
    else found.push({ start: at, length: 1, stretches: stretches(at) })
  }
  return found.some((span) => span.stretches) ? found : [{ start: 1, length: length - 2, stretches: true }]
}

function margins(length: number, isMark: (at: number) => boolean): [number, number] {
  const inside = Array.from({ length: length - 2 }, (_, i) => i + 1)
  const [first, last] = [inside.find(isMark), inside.findLast(isMark)]
  return first === undefined || last === undefined ? [0, 0] : [first - 1, length - 2 - last]
}

/** For each px of the result: the px of the frame before and behind, and how near it is to the one behind, 0 to 1. */
interface Samples {
  readonly before: Int32Array
  readonly behind: Int32Array
  readonly nearness: Float64Array
}

/**
 * Draws the frame over a whole picture, its colours between those of neighbouring pixels where it is stretched
 * (`thumbor/ext/filters/_nine_patch.c`, whose stride is wrong on Python 3 and is put right here). Both RGBA; changes the
 * picture, but not its alpha.
 */
export async function drawNinePatch(picture: RawImage, frame: RawImage, patch: NinePatch): Promise<void> {
  const across = sample(patch.columns, picture.width)
  const down = sample(patch.rows, picture.height)
  const rowOf = stretchedRows(frame, across)
  await inSlices(picture.height, picture.width * 16, (from, to) => {
    for (let y = from; y < to; y++) {
      const start = y * picture.width * 4
      const row = picture.data.subarray(start, start + picture.width * 4)
      drawRow(row, rowOf(down.before[y] as number), rowOf(down.behind[y] as number), down.nearness[y] as number)
    }
  })
}

/** Rows of the frame, drawn out to the width of the picture; the last two are kept, as each is needed many times. */
function stretchedRows({ data, width }: RawImage, across: Samples): (row: number) => Float64Array {
  let kept: readonly { readonly row: number; readonly values: Float64Array }[] = []
  return (row) => {
    const known = kept.find((one) => one.row === row)
    if (known) return known.values
    const values = new Float64Array(across.before.length * 4)
    for (let i = 0; i < values.length; i++) {
      const [x, channel] = [i >> 2, i & 3]
      const left = data[(row * width + (across.before[x] as number)) * 4 + channel] as number
      const right = data[(row * width + (across.behind[x] as number)) * 4 + channel] as number
      values[i] = left + (right - left) * (across.nearness[x] as number)
    }
    kept = [...kept.slice(-1), { row, values }]
    return values
  }
}

function drawRow(below: Uint8Array, upper: Float64Array, lower: Float64Array, toLower: number): void {
  const value = (i: number) => {
    const above = upper[i] as number
    return Math.trunc(above + ((lower[i] as number) - above) * toLower)
  }
  for (let at = 0; at < below.length; at += 4) {
    const opacity = value(at + 3) / 255
    if (opacity === 0 && below[at + 3] === 255) continue
    const rest = ((below[at + 3] as number) / 255) * (1 - opacity)
    below[at] = value(at) * opacity + (below[at] as number) * rest
    below[at + 1] = value(at + 1) * opacity + (below[at + 1] as number) * rest
    below[at + 2] = value(at + 2) * opacity + (below[at + 2] as number) * rest
  }
}

/** Spreads spans over `length` px. A span of n px ends a step short of its last px, as in thumbor. */
function sample(spans: readonly Span[], length: number): Samples {
  const samples = {
    before: new Int32Array(length),
    behind: new Int32Array(length),
    nearness: new Float64Array(length),
  }
  const ends = endsOf(spans, length)
  for (const [i, { start, length: own }] of spans.entries()) {
    const from = i === 0 ? 0 : (ends[i - 1] as number)
    const to = ends[i] as number
    for (let at = from; at < to; at++) {
      const place = ((at - from) * (own - 1)) / (to - from)
      samples.before[at] = start + Math.floor(place)
      samples.behind[at] = start + Math.min(Math.floor(place) + 1, own - 1)
      samples.nearness[at] = place - Math.floor(place)
    }
  }
  return samples
}

/** Where each span ends. Where there is too little room even for the fixed ones, these share it and the others vanish. */
function endsOf(spans: readonly Span[], length: number): number[] {
  const total = (stretches: boolean) =>
    spans.reduce((sum, span) => sum + (span.stretches === stretches ? span.length : 0), 0)
  const [fixed, stretched] = [total(false), total(true)]
  const room = { fixed: Math.min(fixed, length), stretched: Math.max(0, length - fixed) }
  let passed = { fixed: 0, stretched: 0 }
  return spans.map((span) => {
    if (span.stretches) passed = { ...passed, stretched: passed.stretched + span.length }
    else passed = { ...passed, fixed: passed.fixed + span.length }
    return (
      (fixed === 0 ? 0 : Math.floor((room.fixed * passed.fixed) / fixed)) +
      Math.round((room.stretched * passed.stretched) / stretched)
    )
  })
}
