import { uint } from '@imgsvc/core/args/fields'
import { addNoise } from '../../engine/colour-ops.ts'
import { defineFilter } from '../filter.ts'

/**
 * `thumbor/filters/noise.py`. Without a seed thumbor's noise is another on each request; here it is the same, that of
 * seed 1, because a URL has to give the same bytes wherever and whenever it is made.
 */
export const noise = defineFilter({
  name: 'noise',
  phase: 'pixels',
  summary: 'Adds noise.',
  args: [
    uint('amount', { doc: 'Levels of 255 between the brightest and the darkest grain; 0 does nothing.' }),
    uint('seed', { doc: 'Another seed is another pattern; 0 is the same as 1.', default: 0 }),
  ],
  example: 'noise(60)',
  plan: ([amount, seed], { size }) => (amount === 0 ? [] : [addNoise(size, amount, seed)]),
})
