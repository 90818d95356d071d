import { string } from '@imgsvc/core/args/fields'
import { ImgsvcError } from '@imgsvc/core/errors'
import { framed } from '../../engine/raw-ops.ts'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/frame.py`, as it is meant: on Python 3 thumbor's own result is noise. */
export const frame = defineFilter({
  name: 'frame',
  phase: 'pixels',
  summary: 'Draws a frame around the picture, which grows by the width of the frame; transparent parts become white.',
  args: [
    string('source', {
      doc: 'Where the frame comes from, as in the path of a URL: an Android nine-patch, with its marks around it.',
    }),
  ],
  example: 'frame(frame.png)',
  refs: ([source]) => [source],
  ninePatches: ([source]) => [source],
  plan: ([source], { size, refs, ninePatches }) => {
    const [ref, patch] = [refs.get(source), ninePatches.get(source)]
    if (!ref || !patch) throw new ImgsvcError('INTERNAL', `the frame ${source} was not measured before planning`)
    return [framed(size, source, ref, patch)]
  },
})
