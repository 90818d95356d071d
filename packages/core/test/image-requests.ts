import fc from 'fast-check'
import { splitFilterCalls } from '../src/url/filter-calls.ts'
import { quote } from '../src/url/percent.ts'
import type { ImageRequest, Trim } from '../src/url/request.ts'

const length = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 5000 }), fc.constant(Number.MAX_SAFE_INTEGER))
const side = fc.oneof(length, fc.constant('orig' as const))

const trim: fc.Arbitrary<Trim> = fc.oneof(
  length.map((n): Trim => ({ raw: `trim:${n}`, pos: String(n), tolerance: 0 })),
  fc.constantFrom<Trim>(
    { raw: 'trim', pos: 'top-left', tolerance: 0 },
    { raw: 'trim:top-left', pos: 'top-left', tolerance: 0 },
    { raw: 'trim:bottom-right:20', pos: 'bottom-right', tolerance: 20 },
    { raw: 'trim:top-left:007', pos: 'top-left', tolerance: 7 },
  ),
)

/** Pieces that look like options, authorities, filters or escapes wherever they stand. */
const NASTY = [
  ...['unsafe', 'debug', 'meta', 'trim', 'trim:50', '1x2:3x4', 'fit-in', 'adaptive-full-fit-in', '300x200', 'x', '-x-'],
  ...[
    'origx',
    'left',
    'center',
    'top',
    'middle',
    'smart',
    'filters:blur(1)',
    'filters:',
    ')',
    '):',
    '',
    '..',
    '%2F',
    '%',
  ],
  ...['?', '#', ' ', 'http:', 'a.jpg', 'テスト', '\n', "'", '(', '%FF', '\uFEFF'],
]
const piece = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: 4 }))
const source = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => quote(pieces.join('/')))
  .filter((text) => text !== '')

const filters = fc.oneof(
  fc.constant([]),
  fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => splitFilterCalls(`f(${pieces.join('/')})`)),
  fc.constantFrom('blur(4):quality(80)', 'watermark(http://a/b(1)/c?d#e.png,0,0,5):a()', 'é(%)').map(splitFilterCalls),
)

/** Requests as a thumbor URL can say them, with sources and filters that are easily mistaken for options. */
export const imageRequests: fc.Arbitrary<ImageRequest> = fc
  .record({
    debug: fc.boolean(),
    meta: fc.boolean(),
    trim: fc.option(trim, { nil: undefined }),
    crop: fc.option(fc.record({ left: length, right: length, top: length, bottom: length }), { nil: undefined }),
    fitIn: fc.boolean(),
    adaptive: fc.boolean(),
    full: fc.boolean(),
    width: side,
    height: side,
    flipH: fc.boolean(),
    flipV: fc.boolean(),
    halign: fc.constantFrom('left', 'center', 'right'),
    valign: fc.constantFrom('top', 'middle', 'bottom'),
    smart: fc.boolean(),
    filters,
    source,
  })
  .map((request) => (request.fitIn ? request : { ...request, adaptive: false, full: false }))
