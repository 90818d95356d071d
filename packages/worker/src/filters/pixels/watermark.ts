import { string, token, uint } from '@imgsvc/core/args/fields'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Position, parsePosition, watermarkCorners, watermarkSize } from '../../engine/geometry/place.ts'
import { overlaid } from '../../engine/raw-ops.ts'
import { defineFilter } from '../filter.ts'

const POSITION =
  'pixels or percent from the near edge (10, 4p), with a minus from the far one (-10, -4p), center or repeat'

const RATIO = 'a whole number of percent or none'

/** 0 where the size is to stay. */
function percent(text: string): number | undefined {
  if (text === 'none') return 0
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** `thumbor/filters/watermark.py`. */
export const watermark = defineFilter({
  name: 'watermark',
  phase: 'pixels',
  summary: 'Draws another picture on this one.',
  args: [
    string('source', { doc: 'Where the other picture comes from, as in the path of a URL.' }),
    token<Position>('x', { expected: POSITION, parse: parsePosition, doc: 'Place from left to right.' }),
    token<Position>('y', { expected: POSITION, parse: parsePosition, doc: 'Place from top to bottom.' }),
    uint('alpha', { unit: '%', doc: 'Transparency, 0 opaque to 100 invisible.' }),
    token<number>('width', {
      expected: RATIO,
      parse: percent,
      unit: '%',
      default: 0,
      doc: 'Of the width of the picture.',
    }),
    token<number>('height', {
      expected: RATIO,
      parse: percent,
      unit: '%',
      default: 0,
      doc: 'Of the height of the picture; with both it fits inside.',
    }),
  ],
  example: 'watermark(logo.png,-10,-10,50,20)',
  refs: ([source]) => [source],
  plan: ([source, x, y, alpha, width, height], { size, refs }) => {
    const ref = refs.get(source)
    if (!ref) throw new ImgsvcError('INTERNAL', `the watermark ${source} was not fetched before planning`)
    const scaled = watermarkSize(size, ref, width, height)
    return [
      overlaid(size, { ref: source, size: scaled, transparency: alpha, corners: watermarkCorners(size, scaled, x, y) }),
    ]
  },
})
