import { z } from 'zod'
import { bytes, setting } from '../setting.ts'
import { uploadStorage } from './stores.ts'

/** Length of the ids that `POST /image` makes. */
export const MADE_ID_LENGTH = 32

/** thumbor's upload API: pictures given to the service instead of fetched. */
export const upload = z
  .strictObject({
    enabled: setting(z.boolean().default(false), {
      doc: 'Take pictures at `/image` and keep them in the storage of originals. Nobody is asked who they are: restrict who reaches it.',
      reload: 'live',
      thumbor: 'UPLOAD_ENABLED',
    }),
    storage: uploadStorage,
    maxSize: setting(bytes().default(0), {
      doc: 'Largest upload; more is answered 412. 0: only `balancer.maxBody` bounds it.',
      unit: 'bytes',
      reload: 'live',
      thumbor: 'UPLOAD_MAX_SIZE',
    }),
    minWidth: setting(z.int().min(1).default(1), {
      doc: 'Uploads that are narrower are answered 412.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MIN_WIDTH',
    }),
    minHeight: setting(z.int().min(1).default(1), {
      doc: 'Uploads that are lower are answered 412.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MIN_HEIGHT',
    }),
    allowPut: setting(z.boolean().default(false), {
      doc: 'Let `PUT /image/ID` replace uploads and choose ids.',
      reload: 'live',
      thumbor: 'UPLOAD_PUT_ALLOWED',
    }),
    allowDelete: setting(z.boolean().default(false), {
      doc: 'Let `DELETE /image/ID` remove uploads.',
      reload: 'live',
      thumbor: 'UPLOAD_DELETE_ALLOWED',
    }),
    defaultFilename: setting(z.string().min(1).max(100).default('image'), {
      doc: 'Name of uploads that bring none; the extension is added.',
      reload: 'live',
      thumbor: 'UPLOAD_DEFAULT_FILENAME',
    }),
    maxIdLength: setting(z.int().min(MADE_ID_LENGTH).max(128).default(MADE_ID_LENGTH), {
      doc: 'Longest id of an upload; what follows it in a URL is only a name.',
      reload: 'live',
      thumbor: 'MAX_ID_LENGTH',
    }),
  })
  .prefault({})
