import type { Box, Size } from './box.ts'
import { turnBox, turnSize } from './orientation.ts'
import type { GeometryOp } from './transform.ts'

/**
 * Where boxes of a picture of `size` lie after the operations, whole px, cut at the edges of crops. What is cut away
 * altogether is left out.
 */
export function followBoxes(boxes: readonly Box[], size: Size, ops: readonly GeometryOp[]): Box[] {
  let followed = boxes.map((box) => ({ ...box }))
  let current = size
  for (const op of ops) {
    switch (op.kind) {
      case 'crop':
        followed = followed.flatMap((box) => inside(box, op.box) ?? [])
        current = op.box
        break
      case 'resize':
        followed = followed.map((box) => resized(box, current, op.size))
        current = op.size
        break
      case 'turn':
        followed = followed.map((box) => turnBox(op.turn, box, current))
        current = turnSize(op.turn, current)
        break
    }
  }
  return followed
}

function inside(box: Box, crop: Box): Box | undefined {
  const left = Math.max(box.left, crop.left)
  const top = Math.max(box.top, crop.top)
  const width = Math.min(box.left + box.width, crop.left + crop.width) - left
  const height = Math.min(box.top + box.height, crop.top + crop.height) - top
  return width > 0 && height > 0 ? { left: left - crop.left, top: top - crop.top, width, height } : undefined
}

function resized(box: Box, from: Size, to: Size): Box {
  const x = to.width / from.width
  const y = to.height / from.height
  const left = Math.floor(box.left * x)
  const top = Math.floor(box.top * y)
  return {
    left,
    top,
    width: Math.min(Math.ceil((box.left + box.width) * x), to.width) - left,
    height: Math.min(Math.ceil((box.top + box.height) * y), to.height) - top,
  }
}
