import { fromRaw } from './execute.ts'
import type { RawImage } from './image.ts'

/**
 * The pixel that catches the eye, by edges, skin tones and saturation (libvips, smartcrop "attention"). Undefined for a
 * single pixel. Throws what libvips throws.
 */
export async function attentionPoint(image: RawImage): Promise<{ readonly x: number; readonly y: number } | undefined> {
  const { width, height } = image
  if (width === 1 && height === 1) return undefined
  // libvips tells the point only when it has something to cut off: half of the longer side.
  const wide = width >= height
  const { info } = await fromRaw(image)
    .resize(wide ? Math.ceil(width / 2) : width, wide ? height : Math.ceil(height / 2), {
      fit: 'cover',
      position: 'attention',
    })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { attentionX, attentionY } = info
  return attentionX === undefined || attentionY === undefined ? undefined : { x: attentionX, y: attentionY }
}
