import { z } from 'zod'
import { headerValue, setting } from '../setting.ts'

/** Headers of the answers. */
export const responses = z
  .strictObject({
    etags: setting(z.boolean().default(true), {
      doc: 'Send ETag, and answer 304 to If-None-Match.',
      reload: 'live',
      thumbor: 'ENABLE_ETAGS',
    }),
    lastModified: setting(z.boolean().default(true), {
      doc: 'Send Last-Modified, and answer 304 to If-Modified-Since.',
      reload: 'live',
      thumbor: 'SEND_IF_MODIFIED_LAST_MODIFIED_HEADERS',
    }),
    allowOrigin: setting(headerValue().default(''), {
      doc: 'Access-Control-Allow-Origin of pictures and documents, and of errors in their place: `*` or one origin. Empty: not sent.',
      reload: 'live',
      thumbor: 'ACCESS_CONTROL_ALLOW_ORIGIN_HEADER',
    }),
  })
  .prefault({})
