import { z } from 'zod'
import { bytes, setting, timeout } from '../setting.ts'

const program = (name: string, what: string, thumbor?: string) =>
  setting(z.string().min(1).optional(), {
    doc: `Program ${name}, ${what}. Unset: the one found in the PATH.`,
    reload: 'live',
    path: true,
    ...(thumbor === undefined ? {} : { thumbor }),
  })

/** Programs that finish pictures; nothing needs them. */
export const tools = z
  .strictObject({
    jpegtran: program('jpegtran', 'for `jpegtran` in `images.optimizers`', 'JPEGTRAN_PATH'),
    jpegtranScans: setting(z.string().min(1).optional(), {
      doc: 'Scan script that jpegtran writes progressive JPEG by, a file. Unset: its own.',
      reload: 'live',
      path: true,
      thumbor: 'JPEGTRAN_SCANS_FILE',
    }),
    gifsicle: program('gifsicle', 'for `gifsicle` in `images.optimizers`'),
    pngcrush: program('pngcrush', 'for `pngcrush` in `images.optimizers`'),
    ffmpeg: program('ffmpeg', 'for the filter gifv()', 'FFMPEG_PATH'),
    timeout: setting(timeout().default(10_000), {
      doc: 'Time an optimizer gets for one picture. Then it is killed, and the picture is answered as it was.',
      reload: 'live',
    }),
    videoTimeout: setting(timeout().default(30_000), {
      doc: 'Time ffmpeg gets for one video. Then it is killed, and the request is answered 504.',
      reload: 'live',
    }),
    maxBytes: setting(bytes().default(64 * 1024 * 1024), {
      doc: 'Most bytes a program may write. Then it is killed.',
      unit: 'bytes',
      reload: 'live',
    }),
  })
  .prefault({})
