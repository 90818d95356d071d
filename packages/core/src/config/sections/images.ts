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
    keepQuality: setting(z.boolean().default(false), {
      doc: "Write JPEG from JPEG sources with the quality the source was written with (thumbor's QUALITY = 'keep').",
      reload: 'live',
    }),
    jpegSubsampling: setting(z.enum(['4:2:0', '4:4:4', 'keep']).default('4:2:0'), {
      doc: 'Colour of JPEG at half the width and height (4:2:0), in full (4:4:4), or as the JPEG source has it.',
      reload: 'live',
      thumbor: 'PILLOW_JPEG_SUBSAMPLING',
    }),
    jpegQuantTable: setting(z.int().min(0).max(8).default(0), {
      doc: "Quantisation table of JPEG, by mozjpeg's number: 0 is the one of libjpeg, 3 suits photographs best.",
      reload: 'live',
    }),
    pngLevel: setting(z.int().min(0).max(9).default(6), {
      doc: 'zlib level of PNG.',
      reload: 'live',
      thumbor: 'PNG_COMPRESSION_LEVEL',
    }),
    avifSubsampling: setting(z.enum(['4:2:0', '4:4:4']).default('4:2:0'), {
      doc: 'Colour of AVIF at half the width and height, or in full.',
      reload: 'live',
    }),
    preservePalette: setting(z.boolean().default(true), {
      doc: 'Write PNG and GIF made of palette and 1-bit sources with at most 256 and 2 colours again.',
      reload: 'live',
      thumbor: 'PILLOW_PRESERVE_INDEXED_MODE',
    }),
    optimizers: setting(
      z.array(z.enum(['mozjpeg', 'palette', 'effort', 'jpegtran', 'gifsicle', 'pngcrush'])).default([]),
      {
        doc: 'What makes files smaller. Built in, as they are written: `mozjpeg`, `palette` (PNG with 256 colours), `effort` (more CPU for PNG, WebP, AVIF and GIF). Programs of `tools`, in this order, without a change to any pixel: `jpegtran`, `gifsicle`, `pngcrush`.',
        reload: 'live',
        thumbor: 'OPTIMIZERS',
      },
    ),
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
    animatedGif: setting(z.boolean().default(true), {
      doc: 'Keep all frames of animated GIFs; `false` shows the first.',
      reload: 'live',
      thumbor: 'ALLOW_ANIMATED_GIFS',
    }),
    animatedWebp: setting(z.boolean().default(true), {
      doc: 'Keep all frames of animated WebP; `false` shows the first, as thumbor does.',
      reload: 'live',
    }),
    autoAnimatedWebp: setting(z.boolean().default(false), {
      doc: 'Answer animated GIFs as animated WebP, too, where `autoWebp` or `formatPreference` offers WebP. thumbor never converts them.',
      reload: 'live',
    }),
    respectOrientation: setting(z.boolean().default(false), {
      doc: 'Turn pictures upright by their EXIF orientation first.',
      reload: 'live',
      thumbor: 'RESPECT_ORIENTATION',
    }),
    colourProfile: setting(z.enum(['keep', 'srgb', 'strip']).default('keep'), {
      doc: 'Colour profiles: `keep` leaves them and the colour numbers as they are, `srgb` converts the colours and leaves the profile out, `strip` leaves it out without converting.',
      reload: 'live',
    }),
    preserveExif: setting(z.boolean().default(false), {
      doc: 'Keep the EXIF block of the source, with the position it may tell, but for the small picture in it.',
      reload: 'live',
      thumbor: 'PRESERVE_EXIF_INFO',
    }),
    preserveCopyright: setting(z.boolean().default(false), {
      doc: 'Keep Artist, Copyright and DateTime of the EXIF block and nothing else of it.',
      reload: 'live',
      thumbor: 'PRESERVE_EXIF_COPYRIGHT_INFO',
    }),
    preserveIptc: setting(z.boolean().default(false), {
      doc: 'Keep the IPTC record (author, caption, place) of JPEG sources in JPEG results.',
      reload: 'live',
      thumbor: 'PRESERVE_IPTC_INFO',
    }),
    preserveXmp: setting(z.boolean().default(false), {
      doc: 'Keep the XMP packet of the source, with whatever it tells.',
      reload: 'live',
    }),
    truncated: setting(z.enum(['fill', 'reject']).default('fill'), {
      doc: 'Sources that end before their picture does: `fill` answers with what is there, as thumbor does, `reject` with 400.',
      reload: 'live',
    }),
    truncatedMaxAge: setting(duration().default(60_000), {
      doc: 'Longest Cache-Control and Expires of pictures made of truncated sources; 0 sends neither.',
      reload: 'live',
    }),
    maxPixels: setting(z.int().min(1).default(75_000_000), {
      doc: 'Largest source, of an animation one frame; read from its header before decoding.',
      unit: 'px',
      reload: 'live',
      thumbor: 'MAX_PIXELS',
    }),
    maxOutputPixels: setting(z.int().min(1).default(75_000_000), {
      doc: 'Largest picture that may be asked for; of an animation, all frames together.',
      unit: 'px',
      reload: 'live',
    }),
    maxFrames: setting(z.int().min(1).default(1000), {
      doc: 'Most frames of an animation, counted before decoding. Requests for its first frame alone, such as `format(jpeg)`, are answered however many there are.',
      reload: 'live',
    }),
    maxAnimationPixels: setting(z.int().min(1).default(50_000_000), {
      doc: 'Largest animation, all frames together, counted before decoding. Writing a GIF takes about a second for 3 million.',
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
    enabled: setting(z.array(z.string().min(1)).default([]), {
      doc: 'Filters that may be used; others count as unknown. Empty: all there are.',
      reload: 'live',
      thumbor: 'FILTERS',
    }),
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
    skipGifFilters: setting(z.boolean().default(true), {
      doc: 'Leave the filters after the geometry out for GIF sources, `format()` and `quality()` too, as thumbor does unless USE_GIFSICLE_ENGINE is None. `false` applies them, to every frame.',
      reload: 'live',
    }),
    blacklistSubstring: setting(z.boolean().default(false), {
      doc: 'Refuse sources that occur anywhere in the blacklist, as thumbor does, instead of whole entries.',
      reload: 'live',
    }),
  })
  .prefault({})
