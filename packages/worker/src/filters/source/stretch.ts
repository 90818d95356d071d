import { defineFilter } from '../filter.ts'

/** `thumbor/filters/stretch.py`; fit-in never cuts and is not changed. */
export const stretch = defineFilter({
  name: 'stretch',
  phase: 'source',
  summary: 'Distorts the picture to the requested size instead of cutting it to shape.',
  args: [],
  example: 'stretch()',
  adjust: (_, input) => ({ ...input, stretch: true }),
})
