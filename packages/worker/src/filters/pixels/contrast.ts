import { int } from '@imgsvc/core/args/fields'
import { spread } from '../../engine/colour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/contrast.py`. */
export const contrast = defineFilter({
  name: 'contrast',
  phase: 'pixels',
  summary: 'Raises or lowers the contrast.',
  args: [int('amount', { unit: '%', doc: 'Positive is more; -100 leaves one gray.' })],
  example: 'contrast(40)',
  plan: ([amount], { size }) => [spread(size, amount)],
})
