import { bool, decimal } from '@imgsvc/core/args/fields'
import { sharpen as scaleDetails } from '../../engine/neighbour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/sharpen.py`. */
export const sharpen = defineFilter({
  name: 'sharpen',
  phase: 'pixels',
  summary: 'Makes details of one size stronger or weaker.',
  args: [
    decimal('amount', { doc: '0 leaves the picture, more is sharper, below 0 is softer.' }),
    decimal('radius', { doc: 'Size of the details, 0 for the finest to 4 for the coarsest.' }),
    bool('luminance', { doc: 'Change brightness alone, which keeps colours from fringing.' }),
  ],
  example: 'sharpen(6,2.5,true)',
  plan: ([amount, radius, luminance], { size }) => [scaleDetails(size, { amount, radius, luminance })],
})
