import { word } from '@imgsvc/core/args/fields'
import { onCanvas } from '../../engine/raw-ops.ts'
import { COLOUR_EXPECTED, parseColour } from '../colour.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/background_color.py`. */
export const backgroundColor = defineFilter({
  name: 'background_color',
  phase: 'pixels',
  summary: 'Puts a colour behind transparent parts.',
  args: [
    word('colour', {
      doc: 'A CSS name, hex digits without #, or auto for the mean colour of the picture.',
      expected: `${COLOUR_EXPECTED} or auto`,
      accept: (text) => text === 'auto' || parseColour(text) !== undefined,
    }),
  ],
  example: 'background_color(teal)',
  plan: ([colour], { size }) => [onCanvas(size, size, parseColour(colour) ?? 'auto', true)],
})
