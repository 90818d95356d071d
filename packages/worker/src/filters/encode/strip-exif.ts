import { defineFilter } from '../filter.ts'

/** `thumbor/filters/strip_exif.py`. */
export const stripExif = defineFilter({
  name: 'strip_exif',
  phase: 'encode',
  summary: 'Leaves the EXIF block out where the configuration would keep it (images.preserveExif).',
  args: [],
  example: 'strip_exif()',
  set: () => ({ stripExif: true }),
})
