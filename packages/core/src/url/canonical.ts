import type { CropBox, ImageRequest, Trim } from './request.ts'

/**
 * Same picture, same text: the request's part of the result key. What cannot change the picture is levelled: a crop
 * without any number, the spelling of trim, `adaptive` and `full` without fit-in. Filters keep order and text. As one
 * JSON array the text is injective: requests that differ otherwise differ here, whatever characters they hold.
 */
export function canonical(request: ImageRequest): string {
  const { source, debug, meta, trim, crop, fitIn, adaptive, full, width, height } = request
  return JSON.stringify([
    source,
    [debug && 'debug', meta && 'meta'].filter((word) => word !== false),
    trim ? trimmed(trim) : [],
    crop ? cropped(crop) : [],
    fitIn ? ['fit-in', adaptive && 'adaptive', full && 'full'].filter((word) => word !== false) : [],
    [width, height, request.flipH && 'flip-h', request.flipV && 'flip-v'].filter((word) => word !== false),
    [request.halign, request.valign, request.smart && 'smart'].filter((word) => word !== false),
    request.filters.map((call) => call.text),
  ])
}

/** thumbor asks for `top-left` only: every other corner is the bottom right one. */
function trimmed({ pos, tolerance }: Trim): readonly (string | number)[] {
  return [pos === 'top-left' ? pos : 'bottom-right', tolerance]
}

/** A crop counts from one number above zero on (`thumbor/context.py` should_crop). */
function cropped({ left, top, right, bottom }: CropBox): readonly number[] {
  const box = [left, top, right, bottom]
  return box.some((edge) => edge > 0) ? box : []
}
