import { defineFilter } from '../filter.ts'

/** `thumbor/filters/strip_exif.py`. */
export const stripExif = defineFilter({
  name: 'strip_exif',
  phase: 'encode',
  summary: 'Leaves EXIF, IPTC and XMP out where the configuration would keep them (images.preserveExif and others).',
  args: [],
  example: 'strip_exif()',
  set: () => ({ stripExif: true }),
})
