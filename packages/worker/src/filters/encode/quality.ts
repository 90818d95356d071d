import { uint } from '@imgsvc/core/args/fields'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/quality.py`. thumbor hands any number to the encoder; ours take 1 to 100 and the rest is brought there. */
export const quality = defineFilter({
  name: 'quality',
  phase: 'encode',
  summary: 'Quality of JPEG, WebP and AVIF. 100 makes WebP lossless.',
  args: [uint('amount', { unit: '%', doc: '1 is smallest, 100 is best; larger numbers count as 100 and 0 as 1.' })],
  example: 'quality(30)',
  set: ([amount]) => ({ quality: Math.min(Math.max(amount, 1), 100) }),
})
