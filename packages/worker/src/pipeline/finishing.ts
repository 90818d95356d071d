import { ImgsvcError } from '@imgsvc/core/errors'
import { CONTENT_TYPES, VIDEO_TYPES } from '../engine/image.ts'
import { settingsOf } from '../filters/resolve.ts'
import type { Optimizers } from '../optimizers/optimizers.ts'
import { MAX_VIDEO_SIDE, type Videos } from '../optimizers/videos.ts'
import type { Inputs } from './gather.ts'
import type { Job } from './job.ts'
import { isAnimated } from './negotiate.ts'
import type { Plan } from './plan.ts'
import type { Stages } from './stages.ts'
import type { Rendered, StoredResult } from './types.ts'

/** What external programs do to finished pictures. */
export interface Finishing {
  readonly optimizers: Pick<Optimizers, 'optimize'>
  readonly videos: Videos
}

/**
 * Whether gifv(), if asked for, can be answered; documents of /meta/ do not need it. Throws VIDEO_REFUSED, and
 * OUTPUT_TOO_LARGE when a side is longer than videos have.
 */
export async function checkVideo(
  { request }: Pick<Job, 'request'>,
  { filters: { video }, info }: Pick<Inputs, 'filters' | 'info'>,
  { size: { width, height } }: Pick<Plan, 'size'>,
  finishing: Finishing | undefined,
): Promise<void> {
  if (video === undefined || request.meta) return
  if (info.format !== 'gif' || !isAnimated(info)) {
    const what = info.format === 'gif' ? 'a GIF that shows one frame' : info.format
    throw new ImgsvcError('VIDEO_REFUSED', `the source is ${what}; gifv() takes animated GIFs`)
  }
  if (Math.max(width, height) > MAX_VIDEO_SIDE) {
    const told = `${width}x${height} does not fit ${video}, whose sides end at ${MAX_VIDEO_SIDE} px`
    throw new ImgsvcError('OUTPUT_TOO_LARGE', told)
  }
  if (!finishing) throw new ImgsvcError('VIDEO_REFUSED', 'no videos are made here')
  await finishing.videos.check(video)
}

interface FinishingParts {
  readonly signal: AbortSignal
  readonly stages: Stages
  readonly finishing: Finishing | undefined
}

/** The file that is answered: the video of an animation, or the picture after its optimizers. Throws what `videos.make` throws. */
export async function finished(
  { format, data }: Rendered,
  { images }: Pick<Job, 'images'>,
  { filters }: Pick<Inputs, 'filters'>,
  { signal, stages, finishing }: FinishingParts,
): Promise<Pick<StoredResult, 'data' | 'contentType'>> {
  const contentType = CONTENT_TYPES[format]
  if (!finishing) return { data, contentType }
  const { optimizers, videos } = finishing
  const { video, list } = filters
  if (video !== undefined) {
    const made = await stages.time('optimize', () => videos.make(data, video, signal))
    return { data: made, contentType: VIDEO_TYPES[video] }
  }
  if (images.optimizers.length === 0) return { data, contentType }
  const options = { images, stripIcc: settingsOf(list).stripIcc === true, signal }
  return { data: await stages.time('optimize', () => optimizers.optimize({ data, format }, options)), contentType }
}
