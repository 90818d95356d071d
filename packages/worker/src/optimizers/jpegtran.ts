import type { Optimizer } from './optimizer.ts'

/** `thumbor/optimizers/jpegtran.py`: all markers are copied, with strip_icc() comments alone. */
export const jpegtran: Optimizer = {
  name: 'jpegtran',
  format: 'jpeg',
  command: (program, { images, stripIcc }, { jpegtranScans }) => ({
    program,
    args: [
      ...['-copy', stripIcc ? 'comments' : 'all', '-optimize'],
      ...(images.progressiveJpeg ? ['-progressive'] : []),
      // A scan script makes any file progressive.
      ...(images.progressiveJpeg && jpegtranScans !== undefined ? ['-scans', jpegtranScans] : []),
    ],
  }),
}
