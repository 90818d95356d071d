import { autojpg } from './encode/autojpg.ts'
import { format } from './encode/format.ts'
import { gifv } from './encode/gifv.ts'
import { maxBytes } from './encode/max-bytes.ts'
import { quality } from './encode/quality.ts'
import { stripExif } from './encode/strip-exif.ts'
import { stripIcc } from './encode/strip-icc.ts'
import type { Filter } from './filter.ts'
import { fill } from './geometry/fill.ts'
import { proportion } from './geometry/proportion.ts'
import { rotate } from './geometry/rotate.ts'
import { upscale } from './geometry/upscale.ts'
import { backgroundColor } from './pixels/background-color.ts'
import { blur } from './pixels/blur.ts'
import { brightness } from './pixels/brightness.ts'
import { colorize } from './pixels/colorize.ts'
import { contrast } from './pixels/contrast.ts'
import { convolution } from './pixels/convolution.ts'
import { curve } from './pixels/curve.ts'
import { equalize } from './pixels/equalize.ts'
import { frame } from './pixels/frame.ts'
import { grayscale } from './pixels/grayscale.ts'
import { noise } from './pixels/noise.ts'
import { redEye } from './pixels/red-eye.ts'
import { rgb } from './pixels/rgb.ts'
import { roundCorner } from './pixels/round-corner.ts'
import { saturation } from './pixels/saturation.ts'
import { sharpen } from './pixels/sharpen.ts'
import { watermark } from './pixels/watermark.ts'
import { maxAge } from './request/max-age.ts'
import { extractFocal } from './source/extract-focal.ts'
import { focal } from './source/focal.ts'
import { noUpscale } from './source/no-upscale.ts'
import { stretch } from './source/stretch.ts'

/** Every filter there is, by phase: thumbor's 32 and `gifv` of its plug-in. A new one is a file and a line here. */
export const FILTERS: readonly Filter[] = [
  maxAge,
  extractFocal,
  focal,
  noUpscale,
  stretch,
  fill,
  proportion,
  rotate,
  upscale,
  backgroundColor,
  blur,
  brightness,
  colorize,
  contrast,
  convolution,
  curve,
  equalize,
  frame,
  grayscale,
  noise,
  redEye,
  rgb,
  roundCorner,
  saturation,
  sharpen,
  watermark,
  autojpg,
  format,
  gifv,
  maxBytes,
  quality,
  stripExif,
  stripIcc,
]

const BY_NAME: ReadonlyMap<string, Filter> = new Map(FILTERS.map((filter) => [filter.name, filter]))

/** The filter of that exact name, as thumbor looks them up. */
export function findFilter(name: string): Filter | undefined {
  return BY_NAME.get(name)
}

// Farther names are other words, not slips.
const MAX_SLIPS = 2

/** The known name most like an unknown one, or undefined when none is close. */
export function closestName(name: string): string | undefined {
  if (name.length > 40) return undefined
  const wanted = name.toLowerCase().replaceAll('-', '_')
  let best: { readonly name: string; readonly slips: number } | undefined
  for (const { name: known } of FILTERS) {
    const slips = editDistance(wanted, known)
    if (slips <= MAX_SLIPS && slips < known.length / 2 && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) {
      best = { name: known, slips }
    }
  }
  return best?.name
}

/** Insertions, deletions and replacements that make one text the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
