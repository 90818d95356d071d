import type { Side } from '@imgsvc/core/url/request'
import type { Size } from './box.ts'
import { roundHalfEven } from './rounding.ts'
import type { RequestedSize } from './targets.ts'

// thumbor adds this before rounding so that halves go up (`thumbor/transformer.py`, fit_in_resize).
const NUDGE = 1e-5

/** What fit-in decides. */
export interface FitIn {
  /** Undefined: the picture is small enough already. */
  readonly resize: Size | undefined
  /** The request as later filters (fill, upscale) see it. */
  readonly requested: RequestedSize
  /** The target, turned if it was. */
  readonly target: Size
}

/**
 * Fits `source` into `target` without cropping, never enlarging unless `full`, which covers the target instead
 * (`thumbor/transformer.py`, fit_in_resize). `adaptive` turns the target to the orientation of the picture first.
 * A side that would round to nothing is kept at 1 px.
 */
export function fitIn(
  source: Size,
  target: Size,
  requested: RequestedSize,
  mode: { readonly adaptive: boolean; readonly full: boolean },
): FitIn {
  const turned = mode.adaptive && lies(source) * lies(target) < 0
  const aim = turned ? { width: target.height, height: target.width } : target
  const tw = Math.max(1, aim.width)
  const th = Math.max(1, aim.height)
  const asked: RequestedSize = turned ? { width: requested.height, height: requested.width } : requested
  if (!mode.full && tw >= source.width && th >= source.height)
    return { resize: undefined, requested: asked, target: aim }
  const sign = mode.full ? -1 : 1
  const byWidth = (sign * source.width) / tw >= (sign * source.height) / th
  const width = byWidth ? tw : Math.max(1, roundHalfEven((source.width * th) / source.height + NUDGE))
  const height = byWidth ? Math.max(1, roundHalfEven((source.height * tw) / source.width + NUDGE)) : th
  const grown = (side: Side, original: number, resized: number) => Math.max(side === 'orig' ? original : side, resized)
  return {
    resize: { width, height },
    requested: {
      width: grown(asked.width, source.width, width),
      height: grown(asked.height, source.height, height),
    },
    target: aim,
  }
}

/** Positive for landscape, negative for portrait, 0 for a square. */
function lies({ width, height }: Size): number {
  return Math.sign(width - height)
}
