import { int } from '@imgsvc/core/args/fields'
import { brighten } from '../../engine/colour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/brightness.py`. */
export const brightness = defineFilter({
  name: 'brightness',
  phase: 'pixels',
  summary: 'Brightens or darkens every channel.',
  args: [int('amount', { unit: '%', doc: 'Positive is brighter; -100 is black and 100 is white.' })],
  example: 'brightness(40)',
  plan: ([amount], { size }) => [brighten(size, amount)],
})
