import type { Size } from './geometry/box.ts'
import type { FocalPoint } from './geometry/focal.ts'
import { type Edges, outline } from './kernels/outline.ts'
import type { RawStep } from './ops.ts'

// What a point without a size is drawn as, px (`thumbor/transformer.py`, debug).
const LEAST_SIDE = 10

/** Outlines focal points for debug; the one that only stands for the alignment is not among those to be shown. */
export function outlined(size: Size, points: readonly FocalPoint[]): readonly RawStep[] {
  const rectangles = points.filter(({ box, origin }) => box ?? origin).map(edgesOf)
  if (rectangles.length === 0) return []
  return [
    {
      kind: 'raw',
      op: 'outline',
      params: { points: rectangles.length },
      size,
      work: (size.width + size.height) * 2 * rectangles.length,
      run: (image) => {
        const marked = { ...image, data: new Uint8Array(image.data) }
        outline(marked, rectangles)
        return marked
      },
    },
  ]
}

function edgesOf({ x, y, box }: FocalPoint): Edges {
  const side = (length: number | undefined) => (length === undefined || length <= 1 ? LEAST_SIDE : length)
  const [width, height] = [side(box?.width), side(box?.height)]
  const [left, top] = [Math.trunc(x - width / 2), Math.trunc(y - height / 2)]
  return { left, top, right: left + width, bottom: top + height }
}
