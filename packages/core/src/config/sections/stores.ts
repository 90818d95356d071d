import { z } from 'zod'
import { bytes, duration, setting } from '../setting.ts'

const none = z.strictObject({ type: z.literal('none') })

const fileStore = (what: string, root: string, thumborRoot: string, expires: number, thumborExpires: string) =>
  z.strictObject({
    type: z.literal('file'),
    root: setting(z.string().min(1).default(root), {
      doc: `Directory of ${what}.`,
      reload: 'restart',
      path: true,
      thumbor: thumborRoot,
    }),
    maxBytes: setting(bytes().default(0), {
      doc: 'Bound on the directory; 0 is none. Accepted, not enforced yet.',
      unit: 'bytes',
      reload: 'restart',
    }),
    expires: setting(duration().default(expires), {
      doc: 'Age after which an entry counts as missing; 0 is never.',
      reload: 'restart',
      thumbor: thumborExpires,
    }),
  })

const storageFile = fileStore(
  'the stored originals',
  './originals',
  'FILE_STORAGE_ROOT_PATH',
  30 * 86_400_000,
  'STORAGE_EXPIRATION_SECONDS',
)
const resultsFile = fileStore(
  'the finished pictures',
  './results',
  'RESULT_STORAGE_FILE_STORAGE_ROOT_PATH',
  0,
  'RESULT_STORAGE_EXPIRATION_SECONDS',
)

/** Cache of originals fetched from http and s3 sources. */
export const storage = setting(z.discriminatedUnion('type', [none, storageFile]), {
  doc: 'Where fetched originals are kept.',
  reload: 'restart',
  thumbor: 'STORAGE',
}).prefault({ type: 'none' })

/** Cache of finished pictures. */
export const results = setting(z.discriminatedUnion('type', [none, resultsFile]), {
  doc: 'Where finished pictures are kept.',
  reload: 'restart',
  thumbor: 'RESULT_STORAGE',
}).prefault({ type: 'none' })

/** What is kept in memory: hot responses in the balancer, originals in each worker. */
export const cache = z
  .strictObject({
    originals: setting(bytes().default(64 * 1024 ** 2), {
      doc: 'Memory per worker for originals read from disk lately, so that the sizes of one picture read it once; 0 switches it off.',
      unit: 'bytes',
      reload: 'restart',
    }),
    memory: setting(bytes().default(0), {
      doc: 'Memory for hot responses in the balancer; 0 switches it off. Accepted, not built yet.',
      unit: 'bytes',
      reload: 'restart',
    }),
  })
  .prefault({})
