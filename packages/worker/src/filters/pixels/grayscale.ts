import { luma } from '../../engine/ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/grayscale.py`: ITU-R 601 luma; alpha stays. */
export const grayscale = defineFilter({
  name: 'grayscale',
  phase: 'pixels',
  summary: 'Takes the colour out.',
  args: [],
  example: 'grayscale()',
  plan: (_, { size }) => [luma(size)],
})
