import { defineFilter } from '../filter.ts'

/** `thumbor/filters/redeye.py` corrects eyes inside of faces that a detector found; there is no detector here. */
export const redEye = defineFilter({
  name: 'red_eye',
  phase: 'pixels',
  summary: 'Known, so that URLs with it work, but does nothing: it needs detected faces.',
  args: [],
  example: 'red_eye()',
  plan: () => [],
})
