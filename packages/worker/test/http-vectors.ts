import { readFileSync } from 'node:fs'
import type { ThumborConf } from '@imgsvc/core/config/thumbor/option'
import { THUMBOR_OPTIONS, targetsOf } from '@imgsvc/core/config/thumbor/options'
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
    why: 'no HEVC codec in sharp as distributed',
    holds: (row) => 'AUTO_HEIF' in row.config && row.config.AUTO_HEIF === true,
  },
  { why: 'no HEVC codec in sharp as distributed', holds: (row) => row.expected.body_format === 'heif' },
  { why: 'no HEVC codec in sharp as distributed', holds: (row) => row.request.path.endsWith('.heic') },
  { why: 'the AVIF encoder is always there', holds: (row) => row.precondition === 'AVIF encoder unavailable' },
  { why: 'GIF to video needs ffmpeg', holds: ({ request }) => /gifv\(/.test(request.path) },
  {
    why: 'the fixture cannot be made: its damage is not described',
    holds: (row) => row.request.path.includes('quantization'),
  },
  {
    why: 'a state of the program that no request brings about',
    holds: ({ precondition = '' }) => /engine|forced False/.test(precondition),
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
  103: { why: 'a result storage that cannot be read is a miss', expected: { status: 200 } },
  140: {
    why: 'max_age() holds for kept results too',
    expected: { status: 200, headers_equal: { 'Cache-Control': 'max-age=30,public' } },
  },
  141: { why: 'kept results remember that format() decided', expected: { status: 200, headers_absent: ['Vary'] } },
  143: {
    why: 'kept documents keep their type',
    expected: { status: 200, headers_equal: { 'Content-Type': 'application/json' } },
  },
  145: {
    why: 'cover() is an unknown filter: ignored and named',
    expected: { status: 200, headers_present: ['X-Imgsvc-Ignored'] },
  },
  146: { why: 'orig beside an omitted side is proportional', expected: { status: 200, image_size: [300, 400] } },
  147: BAD_ARGUMENTS,
  148: BAD_ARGUMENTS,
  149: BAD_ARGUMENTS,
  150: BAD_ARGUMENTS,
  154: { why: 'PSD is not read', expected: { status: 415 } },
  160: { why: 'a source that is not allowed is refused', expected: { status: 400 } },
  167: { why: 'a stored original over the limit is refused as any other', expected: { status: 400 } },
  171: { why: 'errors have a JSON body', expected: { status: 405 } },
  169: { why: 'an undecodable watermark is a mistake of the URL', expected: { status: 400 } },
}

type Settings = NonNullable<Parameters<typeof startApp>[0]>
type Section = 'images' | 'upload' | 'responses' | 'balancer' | 'filters' | 'detection' | 'security' | 'compat'

/** The settings of one section that a row's options come to. Throws for an option that is none. */
export function settingsOf<S extends Section>(config: Row['config'], section: S): NonNullable<Settings[S]> {
  const pairs = Object.entries(config).flatMap(([name, given]) => {
    const option = THUMBOR_OPTIONS.find((known) => known.name === name)
    if (!option) throw new Error(`http.json: ${name} is no option`)
    const value = literalOf(given)
    const targets = targetsOf(option).filter(({ setting }) => setting.path.split('.', 1)[0] === section)
    return targets.map(({ setting, convert }) => [
      setting.path.slice(section.length + 1),
      convert(value as ThumborConf[string], config as ThumborConf),
    ])
  })
  return Object.fromEntries(pairs.filter(([path, value]) => value !== undefined && !String(path).includes('.')))
}

function literalOf(given: unknown): unknown {
  // `THING = True,` in a test of thumbor is a tuple, and as true as True.
  if (Array.isArray(given) && given.length === 1 && given[0] === true) return true
  // An expression of the test's, which is `image` there.
  return given === 'self.default_filename' ? 'image' : given
}
