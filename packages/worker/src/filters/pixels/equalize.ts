import { equalize as evenOut } from '../../engine/colour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/equalize.py`. */
export const equalize = defineFilter({
  name: 'equalize',
  phase: 'pixels',
  summary: 'Spreads the tones of each colour channel evenly, for pictures that look flat.',
  args: [],
  example: 'equalize()',
  plan: (_, { size }) => [evenOut(size)],
})
