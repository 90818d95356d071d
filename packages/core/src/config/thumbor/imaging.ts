import { ImgsvcError } from '../../errors.ts'
import {
  byModule,
  type Convert,
  listOf,
  option,
  positive,
  same,
  seconds,
  type ThumborOption,
  unlessEmpty,
  without,
} from './option.ts'

const whenKeep: Convert = (value) => (value === 'keep' ? true : undefined)
const quality: Convert = (value) => (typeof value === 'number' ? value : undefined)

// Pillow's names and numbers; what lies between is nearer to the smaller file.
const SUBSAMPLINGS: Readonly<Record<string, string>> = {
  ...{ keep: 'keep', '4:4:4': '4:4:4', '4:2:2': '4:2:0', '4:2:0': '4:2:0', '4:1:1': '4:2:0' },
  ...{ 0: '4:4:4', 1: '4:2:0', 2: '4:2:0' },
}
const subsampling: Convert = (value) => SUBSAMPLINGS[String(value)]

// libavif counts from slow to fast up to 10, libvips from fast to small up to 9.
const effort: Convert = (value) => (typeof value === 'number' ? Math.min(9, Math.max(0, 9 - value)) : undefined)

const FORMATS: Readonly<Record<string, string>> = { webp: 'webp', avif: 'avif', jpg: 'jpeg', jpeg: 'jpeg', png: 'png' }
const formats: Convert = (value) =>
  unlessEmpty(Array.isArray(value) ? value.flatMap((name) => FORMATS[String(name).trim().toLowerCase()] ?? []) : [], {})

const NAME = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/
// The patterns thumbor's documentation shows for all names below one: `.+\.example\.com`, also with ^ and $.
const BELOW = /^\^?\.[+*]\\?\.((?:[\w-]|\\?\.)+)\$?$/

/** Throws CONFIG_INVALID for a regular expression: to leave it out could open every host. */
const hosts: Convert = (value) =>
  unlessEmpty(
    [value ?? []].flat().map((entry) => {
      const text = String(entry)
      const below = BELOW.exec(text)?.[1]?.replaceAll('\\', '')
      if (below !== undefined) return `*.${below}`
      if (NAME.test(text)) return text
      throw new ImgsvcError('CONFIG_INVALID', `${text}: expected a host such as example.com or *.example.com`)
    }),
    {},
  )

const DETECTORS = Object.fromEntries(
  ['face', 'profile', 'glasses', 'feature'].flatMap((name) => [
    [`thumbor.detectors.${name}_detector`, name],
    [`thumbor.detectors.queued_detector.queued_${name}_detector`, name],
  ]),
)
const cascade: Convert = (value) => (typeof value === 'string' && value.startsWith('/') ? value : undefined)

const HEVC = 'The sharp that npm installs has no HEVC encoder: HEIC is neither offered nor written.'
const ONE_AVIF = 'The sharp that npm installs has one AVIF encoder, aom, which has no limits of size that matter here.'

/** What pictures come out as (thumbor/config.py, Imaging and Detection). */
export const IMAGING: readonly ThumborOption[] = [
  option('MAX_WIDTH', '0'),
  option('MAX_HEIGHT', '0'),
  option('MAX_PIXELS', '75e6', { as: positive, note: 'None (no limit) and 0 (Pillow’s limit) become the default.' }),
  option('MIN_WIDTH', '1', { as: positive }),
  option('MIN_HEIGHT', '1', { as: positive }),
  option('ALLOWED_SOURCES', '[]', {
    as: hosts,
    note: 'Hosts, and `*.example.org` for those below one. Regular expressions have to be rewritten.',
  }),
  option('QUALITY', '80', { as: quality, also: { 'images.keepQuality': whenKeep } }),
  option('PROGRESSIVE_JPEG', 'True'),
  option('PILLOW_JPEG_SUBSAMPLING', 'None', { as: subsampling, note: '4:2:2 becomes 4:2:0.' }),
  option('PILLOW_JPEG_QTABLES', 'None', {
    also: { 'images.keepQuality': whenKeep },
    note: "Tables of one's own cannot be given; `images.jpegQuantTable` chooses among mozjpeg’s.",
  }),
  without('PILLOW_RESAMPLING_FILTER', "'LANCZOS'", 'Pictures are scaled with Lanczos, thumbor’s default.'),
  option('WEBP_QUALITY', 'None'),
  option('AVIF_QUALITY', 'None'),
  option('AVIF_SPEED', 'None', { as: effort, note: 'The other way round: speed 9 is effort 0.' }),
  without('AVIF_CODEC', "'auto'", ONE_AVIF),
  without('AVIF_CODEC_FALLBACK', "'auto'", ONE_AVIF),
  without('HEIF_QUALITY', 'None', HEVC),
  without('SRGB_PROFILE', 'None', 'libvips brings its own; `images.colourProfile` says what becomes of profiles.'),
  option('PNG_COMPRESSION_LEVEL', '6'),
  option('PILLOW_PRESERVE_INDEXED_MODE', 'True'),
  option('AUTO_WEBP', 'False'),
  option('AUTO_AVIF', 'False'),
  option('AUTO_JPG', 'False'),
  without('AUTO_HEIF', 'False', HEVC),
  option('AUTO_PNG', 'False'),
  option('AUTO_PNG_TO_JPG', 'False'),
  option('AUTO_IMAGE_FORMAT_PREFERENCE', '[]', { as: formats, note: '`heif` is left out.' }),
  option('SVG_DPI', '150', { as: positive }),
  option('MAX_AGE', '86400', { as: seconds }),
  option('MAX_AGE_TEMP_IMAGE', '0', { as: seconds }),
  option('RESPECT_ORIENTATION', 'False'),
  without(
    'IGNORE_SMART_ERRORS',
    'False',
    'Always so: a detector that fails costs no request, its answer is temporary.',
  ),
  option('SEND_IF_MODIFIED_LAST_MODIFIED_HEADERS', 'False', {
    note: 'On by default, and for every picture: the date is that of the source.',
  }),
  option('PRESERVE_EXIF_INFO', 'False'),
  option('PRESERVE_EXIF_COPYRIGHT_INFO', 'False', { as: (value) => value === true }),
  option('PRESERVE_IPTC_INFO', 'False'),
  option('ALLOW_ANIMATED_GIFS', 'True'),
  option('USE_GIFSICLE_ENGINE', 'False', {
    also: { 'compat.skipGifFilters': (value) => value !== null },
    note: 'What it does beside choosing an engine: unless it is None, filters do not act on GIF sources.',
  }),
  option('USE_BLACKLIST', 'False', {
    note: 'Entries are whole sources; `compat.blacklistSubstring` for parts of them.',
  }),
  option('ENGINE_THREADPOOL_SIZE', '0', { as: positive, note: '0 becomes `auto`: pictures are never made in line.' }),
  option('DETECTORS', '[]', { as: listOf(byModule(DETECTORS)), note: 'On by default. Queued ones become those here.' }),
  option('FACE_DETECTOR_CASCADE_FILE', "'haarcascade_frontalface_alt.xml'", { as: cascade }),
  option('GLASSES_DETECTOR_CASCADE_FILE', "'haarcascade_eye_tree_eyeglasses.xml'", { as: cascade }),
  option('PROFILE_DETECTOR_CASCADE_FILE', "'haarcascade_profileface.xml'", { as: cascade }),
  option('META_CALLBACK_NAME', 'None', { as: same }),
]
