import { bool, word } from '@imgsvc/core/args/fields'
import type { Side } from '@imgsvc/core/url/request'
import { type Backdrop, onCanvas } from '../../engine/raw-ops.ts'
import { COLOUR_EXPECTED, parseColour } from '../colour.ts'
import { defineFilter } from '../filter.ts'

function backdrop(text: string): Backdrop | undefined {
  if (text === 'auto' || text === 'blur') return text
  return text === 'transparent' ? [0, 0, 0, 0] : parseColour(text)
}

/** `thumbor/filters/fill.py`; `orig`, which thumbor answers with 500 after fit-in, is the side of the source. */
export const fill = defineFilter({
  name: 'fill',
  phase: 'geometry',
  summary: 'Puts the picture in the middle of a canvas of the requested size, for fit-in.',
  args: [
    word('colour', {
      doc: 'Of the canvas: a CSS name, hex digits without #, transparent, auto (mean colour) or blur (the picture itself).',
      expected: `${COLOUR_EXPECTED}, transparent, auto or blur`,
      accept: (text) => backdrop(text) !== undefined,
    }),
    bool('blend', { doc: 'Also fill transparent parts of the picture.', default: false }),
  ],
  example: 'fill(orange)',
  plan: ([colour, blend], { size, requested, source }) => {
    const side = (asked: Side, own: number, original: number) => (asked === 'orig' ? original : asked || own)
    const canvas = {
      width: side(requested.width, size.width, source.width),
      height: side(requested.height, size.height, source.height),
    }
    return [onCanvas(size, canvas, backdrop(colour) as Backdrop, blend)]
  },
})
