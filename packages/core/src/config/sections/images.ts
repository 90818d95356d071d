import { z } from 'zod'
import { duration, functionName, setting } from '../setting.ts'

const quality = () => z.int().min(1).max(100)

/** What pictures come out as. */
export const images = z
  .strictObject({
    quality: setting(quality().default(80), {
      doc: 'Encoder quality unless the URL or a format says otherwise.',
      reload: 'live',
      thumbor: 'QUALITY',
    }),
    webpQuality: setting(quality().optional(), {
      doc: 'Quality of WebP; 100 is lossless. Unset: `quality`.',
      reload: 'live',
      thumbor: 'WEBP_QUALITY',
    }),
    avifQuality: setting(quality().optional(), {
      doc: 'Quality of AVIF. Unset: `quality`.',
      reload: 'live',
      thumbor: 'AVIF_QUALITY',
    }),
    webpEffort: setting(z.int().min(0).max(6).default(2), {
      doc: 'CPU effort of WebP, 0 fastest to 6 smallest.',
      reload: 'live',
    }),
    avifEffort: setting(z.int().min(0).max(9).default(0), {
      doc: 'CPU effort of AVIF, 0 fastest to 9 smallest. Effort 4 costs 44 times effort 0 for 12 % of the bytes.',
      reload: 'live',
      thumbor: 'AVIF_SPEED',
    }),
    progressiveJpeg: setting(z.boolean().default(true), {
      doc: 'Write progressive JPEG.',
      reload: 'live',
      thumbor: 'PROGRESSIVE_JPEG',
    }),
    pngLevel: setting(z.int().min(0).max(9).default(6), {
      doc: 'zlib level of PNG.',
      reload: 'live',
      thumbor: 'PNG_COMPRESSION_LEVEL',
    }),
    autoWebp: setting(z.boolean().default(false), {
      doc: 'Answer WebP to clients that accept it.',
      reload: 'live',
      thumbor: 'AUTO_WEBP',
    }),
    autoAvif: setting(z.boolean().default(false), {
      doc: 'Answer AVIF to clients that accept it (WebP goes first when both are on, as in thumbor).',
      reload: 'live',
      thumbor: 'AUTO_AVIF',
    }),
    autoJpg: setting(z.boolean().default(false), {
      doc: 'Answer JPEG to clients that accept it (`*/*` counts), unless the picture is transparent.',
      reload: 'live',
      thumbor: 'AUTO_JPG',
    }),
    autoPng: setting(z.boolean().default(false), {
      doc: 'Answer PNG to clients that accept it, after all others.',
      reload: 'live',
      thumbor: 'AUTO_PNG',
    }),
    autoPngToJpg: setting(z.boolean().default(false), {
      doc: 'Answer JPEG instead of PNG unless the picture is transparent, whatever the client accepts.',
      reload: 'live',
      thumbor: 'AUTO_PNG_TO_JPG',
    }),
    formatPreference: setting(z.array(z.enum(['webp', 'avif', 'jpeg', 'png'])).default([]), {
      doc: 'Formats to answer, best first, to clients that accept them. A list that is not empty replaces `autoWebp`, `autoAvif`, `autoJpg` and `autoPng`.',
      reload: 'live',
      thumbor: 'AUTO_IMAGE_FORMAT_PREFERENCE',
    }),
    respectOrientation: setting(z.boolean().default(false), {
      doc: 'Turn pictures upright by their EXIF orientation first.',
      reload: 'live',
      thumbor: 'RESPECT_ORIENTATION',
    }),
    preserveExif: setting(z.boolean().default(false), {
      doc: 'Keep the EXIF block of the source.',
      reload: 'live',
      thumbor: 'PRESERVE_EXIF_INFO',
    }),
    maxPixels: setting(z.int().min(1).default(75_000_000), {
      doc: 'Largest source, read from its header before decoding.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MAX_PIXELS',
    }),
    maxOutputPixels: setting(z.int().min(1).default(75_000_000), {
      doc: 'Largest picture that may be asked for.',
      unit: 'px',
      reload: 'live',
    }),
    maxWidth: setting(z.int().min(0).default(0), {
      doc: 'Requested widths are cut to this; 0 is no limit.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MAX_WIDTH',
    }),
    maxHeight: setting(z.int().min(0).default(0), {
      doc: 'Requested heights are cut to this; 0 is no limit.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MAX_HEIGHT',
    }),
    svgDpi: setting(z.int().min(1).max(2400).default(150), {
      doc: 'Resolution for physical units in SVG.',
      reload: 'live',
      thumbor: 'SVG_DPI',
    }),
    metaCallback: setting(functionName().default(''), {
      doc: 'Function that /meta/ documents are passed to (JSONP), whatever the URL says. Empty: the `callback` of the query, else plain JSON.',
      reload: 'live',
      thumbor: 'META_CALLBACK_NAME',
    }),
    maxAge: setting(duration().default(86_400_000), {
      doc: 'Cache-Control and Expires of finished pictures; 0 sends neither.',
      reload: 'live',
      thumbor: 'MAX_AGE',
    }),
  })
  .prefault({})

/** How filters in URLs are treated. */
export const filters = z
  .strictObject({
    onInvalid: setting(z.enum(['ignore', 'reject']).default('ignore'), {
      doc: 'Unknown filters and bad arguments: `ignore` (thumbor) names them in X-Imgsvc-Ignored, `reject` answers 400.',
      reload: 'live',
    }),
  })
  .prefault({})

/** Thumbor compatibility switches. */
export const compat = z
  .strictObject({
    thumborStatus: setting(z.boolean().default(false), {
      doc: 'Answer 404 to failing upstreams as thumbor does, instead of 502/504.',
      reload: 'live',
    }),
    blacklistSubstring: setting(z.boolean().default(false), {
      doc: 'Refuse sources that occur anywhere in the blacklist, as thumbor does, instead of whole entries.',
      reload: 'live',
    }),
  })
  .prefault({})
