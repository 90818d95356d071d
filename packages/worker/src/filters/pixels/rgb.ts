import { int } from '@imgsvc/core/args/fields'
import { mapColours } from '../../engine/colour-ops.ts'
import { brightnessTable } from '../../engine/kernels/table.ts'
import { defineFilter } from '../filter.ts'

const channel = (name: 'red' | 'green' | 'blue') => int(name, { unit: '%', doc: `Positive is more ${name}.` })

/** `thumbor/filters/rgb.py`. */
export const rgb = defineFilter({
  name: 'rgb',
  phase: 'pixels',
  summary: 'Brightens or darkens red, green and blue each by itself.',
  args: [channel('red'), channel('green'), channel('blue')],
  example: 'rgb(20,-20,40)',
  plan: ([red, green, blue], { size }) => [
    mapColours('rgb', size, { red, green, blue }, [
      brightnessTable(red),
      brightnessTable(green),
      brightnessTable(blue),
    ]),
  ],
})
