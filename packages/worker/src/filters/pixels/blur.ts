import { decimal, positiveUint } from '@imgsvc/core/args/fields'
import { blurred } from '../../engine/neighbour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/blur.py`. */
export const blur = defineFilter({
  name: 'blur',
  phase: 'pixels',
  summary: 'Blurs by a Gaussian.',
  args: [
    positiveUint('radius', { unit: 'px', doc: 'How far neighbours count; more than 150 is taken as 150.' }),
    decimal('sigma', { unit: 'px', doc: 'Width of the bell; 0 is the radius.', default: 0 }),
  ],
  example: 'blur(7)',
  plan: ([radius, sigma], { size }) => [blurred(size, radius, sigma)],
})
