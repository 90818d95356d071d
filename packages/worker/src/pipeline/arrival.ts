import type { Config } from '@imgsvc/core/config/schema'
import type { Arrival } from '../engine/geometry/transform.ts'
import type { SourceInfo } from '../engine/image.ts'

/** How a source arrives under these settings: what is done to it before anything a URL asks for. */
export function arrivalOf(source: SourceInfo, images: Config['images']): Arrival {
  const orientation = images.respectOrientation ? source.orientation : 1
  return { source, orientation, maxWidth: images.maxWidth, maxHeight: images.maxHeight }
}
