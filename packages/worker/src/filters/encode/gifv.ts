import { string } from '@imgsvc/core/args/fields'
import type { VideoFormat } from '../../engine/image.ts'
import { defineFilter } from '../filter.ts'

/** Read from the URL by `thumbor_plugins/optimizers/gifv`; thumbor itself has no such filter. */
export const gifv = defineFilter({
  name: 'gifv',
  phase: 'encode',
  summary: 'Sends an animated GIF as a video without sound, on white or the background_color() of the request.',
  args: [
    string('format', {
      doc: 'Needs ffmpeg.',
      expected: 'mp4 or webm',
      accept: (text) => text === 'mp4' || text === 'webm',
      default: 'mp4',
    }),
  ],
  example: 'gifv(webm)',
  set: ([format]) => ({ video: format as VideoFormat }),
})
