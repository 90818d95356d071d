import { readFileSync } from 'node:fs'
import type { startApp } from './app-fixture.ts'

/** One row of http.json. */
export interface Row {
  readonly origin: string
  /** Options of thumbor.conf. */
  readonly config: Readonly<Record<string, unknown>>
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    /** `fixture NAME` or `text '…'`. */
    readonly body?: string
    readonly multipart?: { readonly field: string; readonly filename: string; readonly content: string }
  }
  readonly expected: Expected
  readonly precondition?: string
  readonly note?: string
  readonly setup_only?: boolean
}

export interface Expected {
  readonly status?: number
  readonly headers_equal?: Readonly<Record<string, string>>
  readonly header_contains?: Readonly<Record<string, string>>
  readonly headers_present?: readonly string[]
  readonly headers_absent?: readonly string[]
  readonly body_format?: string
  readonly body_equal?: string
  readonly body_contains?: string
  readonly location_regex?: string
  readonly body_empty?: boolean
  readonly body_similar_ssim_gt_0_95?: string
  readonly image_size?: readonly [number, number]
  readonly exif_in_output?: boolean
  readonly progressive_jpeg?: boolean
  readonly stored?: boolean
  readonly meta_target_width?: number
  readonly meta_target_height?: number
  readonly meta_frameCount?: number
  readonly meta_source?: Readonly<Record<string, unknown>>
}

export const ROWS = (
  JSON.parse(readFileSync(new URL('vectors/thumbor/http.json', import.meta.url), 'utf8')) as { vectors: Row[] }
).vectors

/** Does the row belong to a sequence that builds on what earlier rows left behind? */
export function isSequel({ config }: Row): boolean {
  return config.UPLOAD_ENABLED === true || config.USE_BLACKLIST === true
}

/** Why rows are not run; the first reason that holds counts. */
const LEFT_OUT: readonly { readonly why: string; readonly holds: (row: Row, index: number) => boolean }[] = [
  { why: 'set-up step, nothing expected', holds: (row) => row.setup_only === true && !isSequel(row) },
  {
    why: 'keys stored with the image are not built',
    holds: ({ config }) => 'STORES_CRYPTO_KEY_FOR_EACH_IMAGE' in config,
  },
  {
    why: 'no HEVC codec in sharp as distributed',
    holds: (row) => 'AUTO_HEIF' in row.config && row.config.AUTO_HEIF === true,
  },
  { why: 'no HEVC codec in sharp as distributed', holds: (row) => row.expected.body_format === 'heif' },
  { why: 'no HEVC codec in sharp as distributed', holds: (row) => row.request.path.endsWith('.heic') },
  { why: 'the AVIF encoder is always there', holds: (row) => row.precondition === 'AVIF encoder unavailable' },
  { why: 'no detectors', holds: ({ config }) => 'DETECTORS' in config },
  { why: 'GIF to video and covers are not built', holds: ({ request }) => /gifv?\(|cover\(/.test(request.path) },
  { why: 'no such setting', holds: ({ config }) => 'HEALTHCHECK_ROUTE' in config },
  { why: 'no such setting', holds: ({ config }) => 'ACCESS_CONTROL_ALLOW_ORIGIN_HEADER' in config },
  { why: 'no such setting', holds: (row) => row.expected.headers_absent?.includes('Etag') === true },
  { why: 'no such setting', holds: ({ config }) => config.PRESERVE_EXIF_COPYRIGHT_INFO === true },
  {
    why: 'the fixture cannot be made: its damage is not described',
    holds: (row) => row.request.path.includes('quantization'),
  },
  {
    why: 'a state of the program that no request brings about',
    holds: ({ precondition = '' }) => /engine|get\(\) raises|forced False|already holds an image/.test(precondition),
  },
  {
    why: 'would ask a real host: names that begin with "http" are hosts here',
    holds: (row) => row.request.path.includes('httpbin'),
  },
]

/** Reason by index for the rows that are not run. */
export const LEFT: ReadonlyMap<number, string> = new Map(
  [...ROWS.entries()].flatMap(([index, row]) => {
    const reason = LEFT_OUT.find(({ holds }) => holds(row, index))
    return reason ? [[index, reason.why] as const] : []
  }),
)

const BAD_ARGUMENTS = {
  why: 'a filter with bad arguments is ignored and named',
  expected: { status: 200, image_size: [300, 400], headers_present: ['X-Imgsvc-Ignored'] },
} as const

/** Rows that are answered otherwise on purpose. */
export const DIFFERENT: Readonly<Record<number, { readonly why: string; readonly expected: Expected }>> = {
  140: {
    why: 'max_age() holds for kept results too',
    expected: { status: 200, headers_equal: { 'Cache-Control': 'max-age=30,public' } },
  },
  141: { why: 'kept results remember that format() decided', expected: { status: 200, headers_absent: ['Vary'] } },
  143: {
    why: 'kept documents keep their type',
    expected: { status: 200, headers_equal: { 'Content-Type': 'application/json' } },
  },
  146: { why: 'orig beside an omitted side is proportional', expected: { status: 200, image_size: [300, 400] } },
  147: BAD_ARGUMENTS,
  148: BAD_ARGUMENTS,
  149: BAD_ARGUMENTS,
  150: BAD_ARGUMENTS,
  154: { why: 'PSD is not read', expected: { status: 415 } },
  160: { why: 'a source that is not allowed is refused', expected: { status: 400 } },
  171: { why: 'errors have a JSON body', expected: { status: 405 } },
  169: { why: 'an undecodable watermark is a mistake of the URL', expected: { status: 400 } },
}

/** Options of thumbor that make no difference to the rows that are run, or that the test sets beside `images`. */
const WITHOUT_EFFECT = new Set([
  'LOADER',
  'STORAGE',
  'RESULT_STORAGE',
  'RESULT_STORAGE_STORES_UNSAFE',
  'RESULT_STORAGE_EXPIRATION_SECONDS',
  'MAX_AGE_TEMP_IMAGE',
  'USE_GIFSICLE_ENGINE',
  'OPTIMIZERS',
  'FILTERS',
  'ENGINE_THREADPOOL_SIZE',
  'ENABLE_ETAGS',
  'AUTO_HEIF',
  'PRESERVE_EXIF_COPYRIGHT_INFO',
  'SECURITY_KEY',
  'ALLOW_UNSAFE_URL',
  'ALLOWED_SOURCES',
  'USE_BLACKLIST',
  'UPLOAD_PHOTO_STORAGE',
  'UPLOAD_ENABLED',
  'UPLOAD_PUT_ALLOWED',
  'UPLOAD_DELETE_ALLOWED',
  'UPLOAD_DEFAULT_FILENAME',
  'UPLOAD_MAX_SIZE',
  'MIN_WIDTH',
  'MIN_HEIGHT',
  'MAX_ID_LENGTH',
])

type Images = NonNullable<NonNullable<Parameters<typeof startApp>[0]>['images']>

const IMAGE_OPTIONS: Readonly<Record<string, (value: never) => Images>> = {
  AUTO_WEBP: (autoWebp: boolean) => ({ autoWebp }),
  AUTO_AVIF: (autoAvif: boolean) => ({ autoAvif }),
  AUTO_JPG: (autoJpg: boolean) => ({ autoJpg }),
  AUTO_PNG: (autoPng: boolean) => ({ autoPng }),
  AUTO_PNG_TO_JPG: (autoPngToJpg: boolean) => ({ autoPngToJpg }),
  AUTO_IMAGE_FORMAT_PREFERENCE: (names: readonly string[]) => ({ formatPreference: names.flatMap(formatOf) }),
  // thumbor takes seconds; `keep` (the tables of the source) is not supported.
  MAX_AGE: (seconds: number) => ({ maxAge: seconds * 1000 }),
  QUALITY: (quality: number | 'keep') => (quality === 'keep' ? {} : { quality }),
  AVIF_QUALITY: (avifQuality: number) => ({ avifQuality }),
  HEIF_QUALITY: () => ({}),
  SVG_DPI: (svgDpi: number) => ({ svgDpi }),
  MAX_WIDTH: (maxWidth: number) => ({ maxWidth }),
  MAX_HEIGHT: (maxHeight: number) => ({ maxHeight }),
  MAX_PIXELS: (maxPixels: number) => ({ maxPixels }),
  ALLOW_ANIMATED_GIFS: (animatedGif: boolean) => ({ animatedGif }),
  RESPECT_ORIENTATION: (respectOrientation: boolean) => ({ respectOrientation }),
  PRESERVE_EXIF_INFO: (preserveExif: boolean) => ({ preserveExif }),
  PROGRESSIVE_JPEG: ([progressiveJpeg]: [boolean]) => ({ progressiveJpeg }),
}

function formatOf(name: string): ('webp' | 'avif' | 'jpeg' | 'png')[] {
  const known = { webp: 'webp', avif: 'avif', jpg: 'jpeg', png: 'png' } as const
  const key = name.trim().toLowerCase()
  return key in known ? [known[key as keyof typeof known]] : []
}

/** Our configuration of the same meaning. Throws for an option nobody has thought about. */
export function imagesOf(config: Row['config']): Images {
  const parts = Object.entries(config).map(([name, value]) => {
    if (WITHOUT_EFFECT.has(name)) return {}
    const option = IMAGE_OPTIONS[name]
    if (!option) throw new Error(`http.json: what is ${name} here?`)
    return option(value as never)
  })
  return Object.assign({}, ...parts)
}

/** The upload settings of the same meaning. */
export function uploadOf(config: Row['config']): NonNullable<Parameters<typeof startApp>[0]>['upload'] {
  return {
    enabled: config.UPLOAD_ENABLED === true,
    allowPut: config.UPLOAD_PUT_ALLOWED === true,
    allowDelete: config.UPLOAD_DELETE_ALLOWED === true,
    maxSize: Number(config.UPLOAD_MAX_SIZE ?? 0),
    minWidth: Number(config.MIN_WIDTH ?? 1),
    minHeight: Number(config.MIN_HEIGHT ?? 1),
    maxIdLength: Number(config.MAX_ID_LENGTH ?? 32),
  }
}
