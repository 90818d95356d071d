import { decimal } from '@imgsvc/core/args/fields'
import { saturate } from '../../engine/colour-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/saturation.py`. */
export const saturation = defineFilter({
  name: 'saturation',
  phase: 'pixels',
  summary: 'Makes colours stronger or weaker.',
  args: [decimal('factor', { doc: '0 is gray, 1 leaves them, more is stronger; below 0 turns them around.' })],
  example: 'saturation(2)',
  plan: ([factor], { size }) => [saturate(size, factor)],
})
