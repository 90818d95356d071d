import { z } from 'zod'
import { duration, setting, timeout } from '../setting.ts'

const cascade = (who: string, thumbor: string) =>
  setting(z.string().min(1).optional(), {
    doc: `Haar cascade the detector \`${who}\` uses, an XML file of OpenCV. Unset: the one thumbor uses, which comes with imgsvc.`,
    reload: 'live',
    path: true,
    thumbor,
  })

/** What `smart` in a URL and the filter red_eye look for. */
export const detection = z
  .strictObject({
    detectors: setting(
      z.array(z.enum(['face', 'profile', 'glasses', 'feature', 'attention'])).default(['face', 'feature', 'attention']),
      {
        doc: 'Detectors that `smart` asks, in order, until one finds something: faces from the front, faces from the side, eyes also behind glasses, corners, what catches the eye. Empty: `smart` has no effect (thumbor’s default).',
        reload: 'live',
        thumbor: 'DETECTORS',
      },
    ),
    faceCascade: cascade('face', 'FACE_DETECTOR_CASCADE_FILE'),
    profileCascade: cascade('profile', 'PROFILE_DETECTOR_CASCADE_FILE'),
    glassesCascade: cascade('glasses', 'GLASSES_DETECTOR_CASCADE_FILE'),
    maxPixels: setting(z.int().min(10_000).max(16_000_000).default(1_000_000), {
      doc: 'Larger pictures are searched at this size.',
      unit: 'px',
      reload: 'live',
    }),
    timeout: setting(timeout().default(10_000), {
      doc: 'Time one detector gets for one picture, the start of its thread included. Then the thread is ended, the next detector is asked, and the answer is temporary.',
      reload: 'live',
    }),
    queue: setting(z.int().min(0).max(10_000).default(32), {
      doc: 'Pictures that may wait for the detector thread per worker; more go on without it, and so do those that waited for `timeout`; their answers are temporary.',
      reload: 'live',
    }),
    idleTimeout: setting(timeout().default(60_000), {
      doc: 'A detector thread without work is ended after this long, which frees its memory.',
      reload: 'live',
    }),
    temporaryMaxAge: setting(duration().default(60_000), {
      doc: 'Cache-Control of answers whose detection failed, in place of `images.maxAge`; 0 sends none. They are not kept, and the picture is searched again after this long at the earliest.',
      reload: 'live',
      thumbor: 'MAX_AGE_TEMP_IMAGE',
    }),
  })
  .prefault({})
