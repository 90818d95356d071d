import type { Side } from '@imgsvc/core/url/request'
import { normalisedSize } from '../../engine/geometry/normalise.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/no_upscale.py`. `orig`, which thumbor answers with 500, is never larger than the source. */
export const noUpscale = defineFilter({
  name: 'no_upscale',
  phase: 'source',
  summary: 'Cuts the requested sides to those of the source, so that nothing is enlarged.',
  args: [],
  example: 'no_upscale()',
  adjust: (_, input) => {
    const { request, orientation } = input
    const stored = normalisedSize(input.source, input.maxWidth, input.maxHeight) ?? input.source
    const [width, height] = orientation >= 5 ? [stored.height, stored.width] : [stored.width, stored.height]
    const least = (side: Side, own: number): Side => (side === 'orig' ? side : Math.min(side, own))
    return {
      ...input,
      request: { ...request, width: least(request.width, width), height: least(request.height, height) },
    }
  },
})
