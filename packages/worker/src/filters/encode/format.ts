import { string } from '@imgsvc/core/args/fields'
import type { OutputFormat } from '../../engine/image.ts'
import { defineFilter } from '../filter.ts'

const FORMATS: ReadonlyMap<string, OutputFormat> = new Map([
  ['jpeg', 'jpeg'],
  ['jpg', 'jpeg'],
  ['png', 'png'],
  ['webp', 'webp'],
  ['avif', 'avif'],
  ['gif', 'gif'],
])

/** `thumbor/filters/format.py`. heic and heif, which thumbor writes with an extra library, are not known here. */
export const format = defineFilter({
  name: 'format',
  phase: 'encode',
  summary: 'File format of the result, whatever the client accepts.',
  args: [
    string('format', {
      doc: 'Capital letters are the same.',
      expected: `one of ${[...FORMATS.keys()].join(', ')}`,
      accept: (text) => FORMATS.has(text.toLowerCase()),
    }),
  ],
  example: 'format(webp)',
  set: ([name]) => ({ format: FORMATS.get(name.toLowerCase()) as OutputFormat }),
})
