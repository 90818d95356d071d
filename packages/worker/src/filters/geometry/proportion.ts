import { decimal } from '@imgsvc/core/args/fields'
import { resize } from '../../engine/ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/proportion.py`: only shrinks, and never to less than a pixel; anything else does nothing (1 included, which thumbor resizes to the same size). */
export const proportion = defineFilter({
  name: 'proportion',
  phase: 'geometry',
  summary: 'Shrinks the finished picture to a share of its size.',
  args: [decimal('share', { doc: 'More than 0 and at most 1; other numbers do nothing.' })],
  example: 'proportion(0.5)',
  plan: ([share], { size }) => {
    const width = Math.trunc(size.width * share)
    const height = Math.trunc(size.height * share)
    return share > 0 && share < 1 && width >= 1 && height >= 1 ? [resize({ width, height })] : []
  },
})
