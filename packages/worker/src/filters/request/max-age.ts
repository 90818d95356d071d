import { uint } from '@imgsvc/core/args/fields'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/max_age.py`. */
export const maxAge = defineFilter({
  name: 'max_age',
  phase: 'request',
  summary: 'How long browsers and proxies may keep the picture.',
  args: [uint('seconds', { unit: 's', doc: '0 sends neither Cache-Control nor Expires.' })],
  example: 'max_age(3600)',
  set: ([seconds]) => ({ maxAge: seconds }),
})
