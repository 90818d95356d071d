import { bool } from '@imgsvc/core/args/fields'
import { defineFilter } from '../filter.ts'

/** `thumbor/filters/autojpg.py`: the setting AUTO_PNG_TO_JPG for one request. */
export const autojpg = defineFilter({
  name: 'autojpg',
  phase: 'encode',
  summary: 'Sends opaque PNG pictures as JPEG, or keeps them PNG, whatever the configuration says.',
  args: [bool('enabled', { doc: 'true sends them as JPEG.', default: true })],
  example: 'autojpg()',
  set: ([enabled]) => ({ autoJpg: enabled }),
})
