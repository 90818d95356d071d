import type { Size } from './geometry/box.ts'
import { lanczosScaled } from './kernels/lanczos.ts'
import { resize, type Step } from './ops.ts'

const CHANNELS = 4
// Six neighbours across and six down.
const ENLARGE_WORK = 12

/** Whether any side grows. */
export function enlarges(from: Size, to: Size): boolean {
  return to.width > from.width || to.height > from.height
}

/** Scales a picture of one size to another, Lanczos3: by libvips, but where it enlarges. */
export function scale(from: Size, to: Size): Step {
  if (!enlarges(from, to)) return resize(to)
  return {
    kind: 'raw',
    op: 'resize',
    params: { width: to.width, height: to.height },
    size: to,
    work: to.width * to.height * CHANNELS * ENLARGE_WORK,
    run: (image) => lanczosScaled(image, to),
  }
}
