// The pictures of docs/filters.md: a photo without the filter and with it, side by side, made by the worker's own parser,
// planner and renderer.
import { readFile } from 'node:fs/promises'
import { configSchema } from '@imgsvc/core/config/schema'
import { thumborDialect } from '@imgsvc/core/url/thumbor'
import { probe } from '@imgsvc/worker/engine/decode'
import { describeFilters } from '@imgsvc/worker/filters/describe'
import { resolveFilters } from '@imgsvc/worker/filters/resolve'
import { unnested } from '@imgsvc/worker/filters/source/extract-focal'
import { measure } from '@imgsvc/worker/pipeline/measure'
import { formatCandidates, negotiateFormat } from '@imgsvc/worker/pipeline/negotiate'
import { plan } from '@imgsvc/worker/pipeline/plan'
import { render } from '@imgsvc/worker/pipeline/render'
import sharp from 'sharp'

const IMAGES = configSchema.parse({}).images
const GAP = 6
const CHECK = 8

/** Where a filter shows best: the rest of the URL, `*` standing for the filters. The default is a photo cut to 156×104. */
const SCENES = {
  autojpg: '156x104/*/chelsea.png',
  background_color: '104x104/*/flower-small-rgba.png',
  equalize: '156x104/*/chelsea.png',
  extract_focal: '156x78/*/localhost/unsafe/150x30:310x230/astronaut.png',
  fill: 'fit-in/156x104/*/astronaut.png',
  focal: '104x104/*/coffee.png',
  format: '156x104/*/chelsea.png',
  max_age: '156x104/*/chelsea.png',
  max_bytes: '156x104/*/chelsea.png',
  no_upscale: '156x104/*/stamp.png',
  quality: '156x104/*/chelsea.png',
  red_eye: '183x82:266x122/166x80/*/flash.png',
  rotate: '156x104/*/rocket.jpg',
  round_corner: '156x104/*/rocket.jpg',
  sharpen: '156x104/*/chelsea.png',
  stretch: '156x78/*/astronaut.png',
  strip_exif: '156x104/*/rocket.jpg',
  strip_icc: '156x104/*/rocket.jpg',
  upscale: 'fit-in/156x104/*/stamp.png',
}
const PHOTO = '156x104/*/coffee.png'

/** What is shown beside it where the same URL without the filter shows nothing. */
const BESIDE = { extract_focal: '156x78/astronaut.png' }

/** Written at a quality where `quality` and `max_bytes` have something to say. */
const AS_JPEG = new Set(['max_bytes', 'quality'])

const sample = (name) => readFile(new URL(`../../packages/supervisor/samples/${name}`, import.meta.url))

/** Pupils in the light of a flash: where they are, px of the source, and the boxes a detector finds around them. */
const PUPILS = [
  [203, 101],
  [246, 103],
]
const EYES = PUPILS.map(([x, y]) => ({ left: x - 14, top: y - 10, width: 28, height: 20 }))

/** Sources that are not among the samples. */
const MADE = {
  'stamp.png': async () =>
    sharp(await sample('rocket.jpg'))
      .resize(78, 52)
      .png()
      .toBuffer(),
  'logo.png': () => sample('flower-small-rgba.png'),
  'flash.png': async () => {
    const discs = PUPILS.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="4" fill="#d01820"/>`)
    return sharp(await sample('astronaut.png'))
      .composite([{ input: svg(512, 512, discs) }])
      .png()
      .toBuffer()
  },
  // A wooden rim of 8 px that stretches along its sides, with the marks of a nine-patch around it.
  'frame.png': () => {
    const wood = '<path d="M1 1H27V27H1ZM9 9V19H19V9Z" fill="#6b3f1d" fill-rule="evenodd"/>'
    const line = '<path d="M3 3H25V25H3Z" fill="none" stroke="#c9995c" stroke-width="1" shape-rendering="crispEdges"/>'
    const marks = '<path d="M9 0H19V1H9ZM9 27H19V28H9ZM0 9V19H1V9ZM27 9V19H28V9Z"/>'
    return sharp(svg(28, 28, [wood, line, marks]))
      .png()
      .toBuffer()
  },
}

function svg(width, height, shapes) {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`,
  )
}

async function fetched(name) {
  const bytes = await (MADE[name] ?? (() => sample(name)))()
  return { original: { bytes }, info: await probe(bytes, IMAGES) }
}

/** What the worker answers to a path, with the eyes a detector would find. */
async function answer(path, asJpeg) {
  const request = unnested(thumborDialect.parse(`/unsafe/${path}`).request)
  const filters = resolveFilters(request.filters, { onInvalid: 'reject' })
  const source = await fetched(request.source)
  const refs = new Map()
  for (const ref of filters.refs) refs.set(ref, await fetched(ref))
  const candidates = formatCandidates(undefined, IMAGES, filters.autoJpg)
  const explicit = filters.format ?? (asJpeg ? 'jpeg' : undefined)
  const todo = plan({
    request,
    filters,
    source: source.info,
    formatOf: (outcome) => negotiateFormat({ candidates, explicit, source: source.info }, outcome),
    images: IMAGES,
    refs: new Map([...refs].map(([ref, { info }]) => [ref, info])),
    measured: {
      ...(await measure({ request, filters, images: IMAGES, source, refs })),
      eyes: filters.eyes ? EYES : [],
    },
  })
  const { data } = await render(
    todo,
    source.original.bytes,
    new Map([...refs].map(([ref, { original }]) => [ref, original.bytes])),
  )
  return data
}

/** The squares that show through where a picture is transparent. */
function checkered(width, height) {
  const squares = `<pattern id="p" width="${2 * CHECK}" height="${2 * CHECK}" patternUnits="userSpaceOnUse">
    <path d="M0 0H${CHECK}V${2 * CHECK}H${2 * CHECK}V${CHECK}H0Z" fill="#ccc"/></pattern>`
  return svg(width, height, [squares, `<rect width="${width}" height="${height}" fill="url(#p)"/>`])
}

/** Two pictures side by side on white, as JPEG. */
async function sideBySide(pictures) {
  const tiles = await Promise.all(
    pictures.map(async (bytes) => {
      const { width, height } = await sharp(bytes).metadata()
      const input = await sharp(checkered(width, height))
        .composite([{ input: bytes }])
        .png()
        .toBuffer()
      return { input, width, height }
    }),
  )
  const height = Math.max(...tiles.map((tile) => tile.height))
  const width = Math.max(...tiles.map((tile) => tile.width))
  return sharp({ create: { width: 2 * width + GAP, height, channels: 3, background: 'white' } })
    .composite(
      tiles.map((tile, i) => ({
        input: tile.input,
        left: i * (width + GAP) + Math.floor((width - tile.width) / 2),
        top: Math.floor((height - tile.height) / 2),
      })),
    )
    .jpeg({ quality: 85, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

async function picture({ name, example }) {
  const [before, after] = (SCENES[name] ?? PHOTO).split('*')
  const plain = BESIDE[name] ?? `${before.replace(/\/$/, '')}${after}`
  return sideBySide([
    await answer(plain, AS_JPEG.has(name)),
    await answer(`${before}filters:${example}${after}`, AS_JPEG.has(name)),
  ])
}

/** Mean and largest difference, levels of 255, that another processor's rounding may make. */
const MOST_MEAN = 1.5
const MOST = 64

/** Whether two files show the same picture. */
async function looksLike(one, other) {
  const [a, b] = await Promise.all(
    [one, other].map((bytes) => sharp(bytes).raw().toBuffer({ resolveWithObject: true })),
  )
  if (a.info.width !== b.info.width || a.info.height !== b.info.height) return false
  let sum = 0
  let largest = 0
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b.data[i])
    sum += difference
    largest = Math.max(largest, difference)
  }
  return sum / a.data.length <= MOST_MEAN && largest <= MOST
}

export const filterPictures = describeFilters().map((filter) => ({
  path: `docs/images/filters/${filter.name}.jpg`,
  render: () => picture(filter),
  isSame: looksLike,
}))
