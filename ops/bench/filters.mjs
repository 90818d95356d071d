// What the filters cost: `pnpm bench filters`. Runs the kernel of each filter and the nearest single operation of sharp
// in turn on the same 1000×667 pixels, and prints their medians and ratio; exits 1 when a filter is over its bar. CPU
// time of the whole process is what counts, with one thread: it is the time of an idle machine on a busy one as well.
//
//   node ops/bench/main.mjs filters [--rounds 9] [--only NAME] [--json FILE]
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { withAlpha } from '@imgsvc/worker/engine/kernels/composite'
import { readNinePatch } from '@imgsvc/worker/engine/kernels/nine-patch'
import { resolveFilters } from '@imgsvc/worker/filters/resolve'
import sharp from 'sharp'
import { filterCases } from './filter-cases.mjs'
import { table } from './table.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    only: { type: 'string' },
    json: { type: 'string', default: 'ops/bench/out/filters.json' },
  },
})
const WIDTH = 1000
const HEIGHT = 667
const MARK = { width: 300, height: 200 }

sharp.cache(false)
sharp.concurrency(1)

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** Pixels of a sample, scaled to exactly this size. */
async function pixelsOf(name, { width, height }) {
  const bytes = await readFile(new URL(`../../packages/supervisor/samples/${name}`, import.meta.url))
  const { data, info } = await sharp(bytes)
    .resize(width, height, { fit: 'fill' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

const photo = await pixelsOf('flower.jpg', { width: WIDTH, height: HEIGHT })
/** The same, more and more transparent from left to right, so that blending has something to do. */
const sheer = withAlpha(photo)
for (let i = 0; i < WIDTH * HEIGHT; i++) sheer.data[i * 4 + 3] = 255 - Math.floor(((i % WIDTH) * 256) / WIDTH)
const mark = withAlpha(await pixelsOf('flower-small-rgba.png', MARK))
const patch = readNinePatch(mark)
// An eye of the size of a face on a portrait that fills the picture.
const eyes = [{ left: 300, top: 200, width: 80, height: 60 }]

/** The kernel of one call, as the pipeline would run it. */
function kernelOf(text, image) {
  const [call] = resolveFilters(splitFilterCalls(text), { onInvalid: 'reject' }).list
  const info = { ...MARK, format: 'png', orientation: 1, hasAlpha: true, pages: 1, space: 'rgb', hasProfile: false }
  const [step] = call.plan({
    size: image,
    requested: { width: WIDTH + 200, height: HEIGHT + 200 },
    source: image,
    refs: new Map([['mark.png', info]]),
    ninePatches: new Map([['mark.png', patch]]),
    eyes,
  })
  return () => step.run(image, { load: () => Promise.resolve(mark) })
}

/** CPU time of one run, ms. */
async function cost(run) {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const sharpOf = ({ data, width, height, channels }) => sharp(data, { raw: { width, height, channels } })

const rows = []
for (const { name, call, nearest, operation, bar, alpha } of filterCases({ mark, width: WIDTH, height: HEIGHT })) {
  if (values.only !== undefined && !name.startsWith(values.only)) continue
  const image = alpha ? sheer : photo
  const ours = kernelOf(call, image)
  const theirs = () => operation(sharpOf(image)).raw().toBuffer()
  const pairs = []
  // In turn, so that a machine that gets slower meanwhile slows both; the first rounds warm code and caches up.
  for (let round = -3; round < Number(values.rounds); round++) {
    const pair = { ours: await cost(ours), theirs: await cost(theirs) }
    if (round >= 0) pairs.push(pair)
  }
  const [mine, yours] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.theirs))]
  const isWithin = mine <= yours * bar.ratio || mine <= (bar.ms ?? 0)
  rows.push({ name, call, nearest, ours: mine, sharp: yours, ratio: mine / yours, bar, isWithin })
}

const barOf = ({ ratio, ms }) => (ms === undefined ? `${ratio}×` : `${ratio}× or ${ms} ms`)
console.log(`${WIDTH}×${HEIGHT}, medians of ${values.rounds}, CPU time; ${cpus()[0]?.model}, Node ${process.version}\n`)
console.log(
  table(
    ['filter', 'nearest in sharp', 'ours ms', 'sharp ms', 'ratio', 'bar', 'within'],
    rows.map(({ name, nearest, ours, sharp: theirs, ratio, bar, isWithin }) => [
      name,
      nearest,
      ours.toFixed(1),
      theirs.toFixed(1),
      ratio.toFixed(2),
      barOf(bar),
      isWithin ? 'yes' : 'NO',
    ]),
  ),
)
await mkdir(dirname(values.json), { recursive: true })
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version }
await writeFile(values.json, `${JSON.stringify({ machine, rounds: Number(values.rounds), rows }, null, 2)}\n`)
console.log(`\nwritten to ${values.json}`)
if (rows.some(({ isWithin }) => !isWithin)) process.exitCode = 1
