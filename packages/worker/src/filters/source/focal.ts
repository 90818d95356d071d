import { string } from '@imgsvc/core/args/fields'
import { boxPoint } from '../../engine/geometry/focal.ts'
import { defineFilter } from '../filter.ts'

// At the start only: what follows the box is ignored, as in thumbor.
const BOX = /^(\d+)x(\d+):(\d+)x(\d+)/

/** The corners of `LxT:RxB`, or undefined when the text is no box. */
function corners(text: string): readonly [number, number, number, number] | undefined {
  const match = BOX.exec(text)
  if (!match) return undefined
  const [left = 0, top = 0, right = 0, bottom = 0] = match
    .slice(1)
    .map((digits) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
  return [left, top, right, bottom]
}

/** `thumbor/filters/focal.py`. A box without area does nothing. */
export const focal = defineFilter({
  name: 'focal',
  phase: 'source',
  summary: 'Keeps a part of the source in view when the picture is cut to shape; larger parts count for more.',
  args: [
    string('box', {
      doc: 'Left, top, right and bottom edge, px of the source (of what is left of it with trim).',
      expected: 'a box LEFTxTOP:RIGHTxBOTTOM',
      accept: (text) => corners(text) !== undefined,
    }),
  ],
  example: 'focal(0x0:120x120)',
  adjust: ([box], input) => {
    const [left, top, right, bottom] = corners(box) ?? [0, 0, 0, 0]
    const point = boxPoint(left, top, right, bottom)
    return point ? { ...input, focalPoints: [...input.focalPoints, point] } : input
  },
})
