import { string, uint } from '@imgsvc/core/args/fields'
import { mapColours } from '../../engine/colour-ops.ts'
import { colorizeTable } from '../../engine/kernels/table.ts'
import { parseColour } from '../colour.ts'
import { defineFilter } from '../filter.ts'

const share = (name: 'red' | 'green' | 'blue') =>
  uint(name, { unit: '%', doc: `How much of the colour's ${name} is laid over.` })

/** `thumbor/filters/colorize.py`, which answers 500 to colours of other lengths. */
export const colorize = defineFilter({
  name: 'colorize',
  phase: 'pixels',
  summary: 'Lays a colour over the picture, red, green and blue each to its own extent.',
  args: [
    share('red'),
    share('green'),
    share('blue'),
    string('colour', {
      doc: 'The colour to lay over.',
      expected: '6 hex digits without #',
      accept: (text) => /^[0-9a-f]{6}$/i.test(text),
    }),
  ],
  example: 'colorize(40,80,20,ff8800)',
  plan: ([red, green, blue, colour], { size }) => {
    const [r, g, b] = parseColour(colour) ?? [0, 0, 0]
    const tables = [colorizeTable(red, r), colorizeTable(green, g), colorizeTable(blue, b)] as const
    return [mapColours('colorize', size, { red, green, blue, colour }, tables)]
  },
})
