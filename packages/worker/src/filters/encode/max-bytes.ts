import { uint } from '@imgsvc/core/args/fields'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/max_bytes.py`. */
export const maxBytes = defineFilter({
  name: 'max_bytes',
  phase: 'encode',
  summary: 'Lowers the quality of JPEG and WebP until the file is small enough; gives up below quality 10.',
  args: [uint('bytes', { unit: 'bytes', doc: 'Largest size of the file.' })],
  example: 'max_bytes(4000)',
  set: ([bytes]) => ({ maxBytes: bytes }),
})
