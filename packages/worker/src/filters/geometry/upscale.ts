import type { Side } from '@imgsvc/core/url/request'
import { scale } from '../../engine/scale.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/upscale.py`; `orig`, which thumbor answers with 500, is the side of the source. */
export const upscale = defineFilter({
  name: 'upscale',
  phase: 'geometry',
  summary: 'Enlarges a picture that is smaller than both requested sides until it fits, as fit-in alone does not.',
  args: [],
  example: 'upscale()',
  plan: (_, { size, requested, source }) => {
    const side = (asked: Side, original: number) => (asked === 'orig' ? original : asked)
    const width = side(requested.width, source.width)
    const height = side(requested.height, source.height)
    if (size.width >= width || size.height >= height) return []
    const byWidth = size.width / width >= size.height / height
    return [
      scale(size, {
        width: byWidth ? width : Math.max(1, Math.trunc((size.width * height) / size.height)),
        height: byWidth ? Math.max(1, Math.trunc((size.height * width) / size.width)) : height,
      }),
    ]
  },
})
