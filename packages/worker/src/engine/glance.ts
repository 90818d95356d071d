import { open } from './decode.ts'
import { applyRun, fromRaw, toRaw } from './execute.ts'
import type { Box, Size } from './geometry/box.ts'
import { type Arrival, arrive, type GeometryOp } from './geometry/transform.ts'
import { headSteps } from './head.ts'
import type { RawImage, SourceInfo } from './image.ts'
import { segments } from './segments.ts'

/** A picture as detectors see it: normalised, upright, trimmed, not cropped, and not larger than need be. */
export interface Glance {
  /** What it really measures, px. */
  readonly size: Size
  /** At that size or smaller. */
  readonly image: RawImage
}

/** What is decoded for detectors. */
export interface GlanceInput {
  readonly bytes: Buffer
  readonly source: SourceInfo
  readonly arrival: Arrival
  /** What trim leaves, px of the picture as it arrives. */
  readonly trimBox: Box | undefined
  /** Largest area that is decoded, px. */
  readonly maxPixels: number
}

/** Decodes a source, in one go to the size it is looked at; animations show their first frame. Throws what libvips throws. */
export async function glance({ bytes, source, arrival, trimBox, maxPixels }: GlanceInput): Promise<Glance> {
  const arrived = arrive(arrival)
  const ops: GeometryOp[] = trimBox ? [...arrived.ops, { kind: 'crop', box: trimBox }] : [...arrived.ops]
  const size: Size = trimBox ? { width: trimBox.width, height: trimBox.height } : arrived.size
  const shown = within(size, maxPixels)
  if (shown !== size) ops.push({ kind: 'resize', size: shown })
  const [first = [], ...rest] = segments(headSteps(ops, source, true))
  let image = await toRaw(applyRun(open(bytes, source), first))
  for (const run of rest) image = await toRaw(applyRun(fromRaw(image), run))
  return { size, image }
}

function within(size: Size, maxPixels: number): Size {
  const area = size.width * size.height
  if (area <= maxPixels) return size
  const scale = Math.sqrt(maxPixels / area)
  return { width: Math.max(1, Math.floor(size.width * scale)), height: Math.max(1, Math.floor(size.height * scale)) }
}
