import { defineFilter } from '../filter.ts'

/**
 * `thumbor/filters/strip_icc.py`, with one difference: thumbor drops the profile and leaves the numbers, which shifts
 * colours; here they are converted to sRGB first, which every viewer assumes where there is no profile.
 */
export const stripIcc = defineFilter({
  name: 'strip_icc',
  phase: 'encode',
  summary: 'Leaves the colour profile out; colours are converted to sRGB so that they look the same.',
  args: [],
  example: 'strip_icc()',
  set: () => ({ stripIcc: true }),
})
