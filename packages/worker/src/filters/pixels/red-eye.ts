import { withoutRedEyes } from '../../engine/raw-ops.ts'
import { defineFilter } from '../filter.ts'

/**
 * `thumbor/filters/redeye.py`. thumbor needs `smart` for it and looks for eyes where faces were before the picture was
 * scaled; here they are looked for in the source, with and without `smart`, and found again in the result.
 */
export const redEye = defineFilter({
  name: 'red_eye',
  phase: 'pixels',
  summary:
    'Takes the red of the flash out of the eyes of faces. Has no effect after a filter that turns the picture or changes its size.',
  args: [],
  example: 'red_eye()',
  eyes: true,
  plan: (_, { size, eyes }) => (eyes.length === 0 ? [] : [withoutRedEyes(size, eyes)]),
})
