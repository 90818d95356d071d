import type { Box } from '../engine/geometry/box.ts'
import { EXIF_TURNS, turnSize, UPRIGHT } from '../engine/geometry/orientation.ts'
import type { Geometry } from '../engine/geometry/transform.ts'
import { type NegotiationInput, negotiateFormat } from './negotiate.ts'
import type { Plan } from './plan.ts'

/** One entry of `operations`. */
type Operation =
  | {
      readonly type: 'crop'
      readonly left: number
      readonly top: number
      readonly right: number
      readonly bottom: number
    }
  | { readonly type: 'resize'; readonly width: number; readonly height: number }
  | { readonly type: 'flip_horizontally' | 'flip_vertically' | 'auto_png_to_jpg_conversion' }

/**
 * What `/meta/` answers instead of a picture: the arithmetic of the plan as JSON, UTF-8 (`thumbor/engines/json_engine.py`).
 * As there, filters after the geometry are not listed. Unlike there, `source` is the size of the source, upright when
 * its orientation is respected, and flips count as done.
 */
export function metaDocument(url: string, plan: Plan, negotiation: NegotiationInput): Buffer {
  const { source, geometry, orientation } = plan
  const { width, height } = turnSize(EXIF_TURNS[orientation - 1] ?? UPRIGHT, source)
  const operations = operationsOf(geometry, orientation)
  if (becomesJpeg(plan, negotiation)) operations.push({ type: 'auto_png_to_jpg_conversion' })
  const document = {
    thumbor: {
      source: { url, width, height, frameCount: source.pages },
      operations,
      target: geometry.size,
      focal_points: geometry.focalPoints.map(({ x, y, weight, box, origin }) => ({
        x,
        y,
        z: weight,
        height: box?.height ?? 1,
        width: box?.width ?? 1,
        origin: origin ?? (box ? 'Explicit' : 'alignment'),
      })),
    },
  }
  return Buffer.from(JSON.stringify(document))
}

/** Turning upright is not listed, as in thumbor: all coordinates are those of the upright picture. */
function operationsOf({ ops }: Geometry, orientation: number): Operation[] {
  const turn = EXIF_TURNS[orientation - 1] ?? UPRIGHT
  let upright = turn === UPRIGHT
  const operations: Operation[] = []
  for (const op of ops) {
    if (op.kind === 'crop') operations.push({ type: 'crop', ...edges(op.box) })
    else if (op.kind === 'resize') operations.push({ type: 'resize', ...(upright ? op.size : turnSize(turn, op.size)) })
    else if (upright) operations.push({ type: op.turn.degrees === 0 ? 'flip_horizontally' : 'flip_vertically' })
    else upright = true
  }
  return operations
}

function edges({ left, top, width, height }: Box) {
  return { left, top, right: left + width, bottom: top + height }
}

/** Would a PNG be answered as JPEG whatever the client accepts? By the header: no pixel is looked at. */
function becomesJpeg({ source, size }: Plan, negotiation: NegotiationInput): boolean {
  const outcome = { size, transparent: source.hasAlpha }
  const own = negotiateFormat({ ...negotiation, candidates: [] }, outcome)
  return negotiateFormat(negotiation, outcome) !== own
}
