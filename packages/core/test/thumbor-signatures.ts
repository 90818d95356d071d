import {
  bool,
  brackets,
  decimal,
  type Field,
  int,
  positiveUint,
  string,
  token,
  uint,
  word,
} from '../src/args/fields.ts'

function matching(pattern: RegExp) {
  return (text: string) => (pattern.test(text) ? text : undefined)
}

const position = (name: string) =>
  token(name, { expected: 'a position', parse: matching(/^(?:-?\d+p?|center|repeat)$/) })
const ratio = (name: string) =>
  token(name, { expected: 'a percentage or none', parse: matching(/^(?:-?\d+|none)$/), optional: true })
const points = (name: string) => brackets(name, { expected: 'points', parse: matching(/^\[(?:\(\d+,\d+\),?)*\]$/) })

/** The arguments of thumbor's 32 filters as its own declarations have them, without our ranges. */
export const THUMBOR_SIGNATURES: Readonly<Record<string, readonly Field<unknown>[]>> = {
  autojpg: [bool('enabled', { optional: true })],
  background_color: [word('colour')],
  blur: [positiveUint('radius'), decimal('sigma', { optional: true })],
  brightness: [int('amount')],
  colorize: [uint('red'), uint('green'), uint('blue'), string('colour')],
  contrast: [int('amount')],
  convolution: [
    token('matrix', { expected: 'numbers', parse: matching(/^-?\d+(?:\.\d*)?(?:;-?\d+(?:\.\d*)?)*$/) }),
    positiveUint('columns'),
    bool('normalize', { optional: true }),
  ],
  curve: [points('all'), points('red'), points('green'), points('blue')],
  equalize: [],
  extract_focal: [],
  fill: [word('colour'), bool('transparent', { optional: true })],
  focal: [string('box')],
  format: [string('format')],
  frame: [string('url')],
  grayscale: [],
  max_age: [uint('seconds')],
  max_bytes: [uint('bytes')],
  no_upscale: [],
  noise: [uint('amount'), uint('seed', { optional: true })],
  proportion: [decimal('factor')],
  quality: [uint('quality')],
  red_eye: [],
  rgb: [int('red'), int('green'), int('blue')],
  rotate: [int('angle')],
  round_corner: [
    token('radius', { expected: 'one or two radii', parse: matching(/^\d+(?:\|\d+)?$/) }),
    uint('red'),
    uint('green'),
    uint('blue'),
    bool('transparent', { optional: true }),
  ],
  saturation: [decimal('factor')],
  sharpen: [decimal('amount'), decimal('radius'), bool('luminance')],
  stretch: [],
  strip_exif: [],
  strip_icc: [],
  upscale: [],
  watermark: [string('url'), position('x'), position('y'), uint('alpha'), ratio('width'), ratio('height')],
}
