import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeFilters, type FilterDescription } from '../src/filters/describe.ts'
import { findFilter } from '../src/filters/registry.ts'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'
import { frame, planJob, sample } from './images/pictures.ts'

// Every argument of every filter at its bounds, past them and far from any, as the catalogue declares them.
const root = mkdtempSync(join(tmpdir(), 'imgsvc-bounds-'))
let app: RunningApp

beforeAll(async () => {
  writeFileSync(join(root, 'coffee.png'), sample('coffee.png'))
  writeFileSync(join(root, 'logo.png'), sample('flower-small-rgba.png'))
  writeFileSync(join(root, 'frame.png'), await frame())
  app = await startApp({ sources: [{ type: 'file', root }], results: { type: 'none' }, storage: { type: 'none' } })
})
afterAll(async () => {
  await app.stop()
  rmSync(root, { recursive: true })
})

const EDGES = [
  ...['-1', '0', '1', '-0', '2', '100', '101', '127', '128', '149', '150', '151', '255', '256', '360', '450'],
  ...['0.0001', '-0.5', '.5', '5.', '1.7976931348623157'],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '9007199254740991', '9007199254740993'],
  ...['-2147483649', '9'.repeat(309), `-${'9'.repeat(309)}`, `0.${'0'.repeat(400)}1`],
  ...['NaN', 'Infinity', '1e9', '0x10', '+1', 'true', 'false', 'none', 'auto', 'blur', 'transparent', 'orig'],
  ...['center', 'repeat', '50p', '-50p', '-100000p', '9999999|1', '1|0', '10x10:0x0', '0x0:99999x99999', 'fff', 'ffff'],
  ...['', ' ', "''", "'a,b'", '[]', '[(0,0)]', '[(0,0),(255,255)]', '[(0,999),(1,-5)]', '[(255,0),(0,255)]'],
  ...['1;1;1', '0;0;0', '1;2', ';;', '..', '%C3%A7', '%F0%9F%98%80', '%25', '__proto__', 'constructor'],
  Array(961).fill('1').join(';'),
  Array(963).fill('1').join(';'),
  `[${Array.from({ length: 256 }, (_, i) => `(${i},${255 - i})`).join(',')}]`,
]

/** The numbers that a declaration names, with their neighbours, and its words. */
function declared(expected: string): readonly string[] {
  if (expected.startsWith('one of ')) return expected.slice('one of '.length).split(', ')
  const numbers = [...expected.matchAll(/-?\d+(?:\.\d+)?/g)].map(([text]) => Number(text))
  return numbers.flatMap((number) => [number - 1, number, number + 1].map(String))
}

/** The example's own arguments. */
function exampleArgs({ name, example }: FilterDescription): readonly string[] {
  const inside = example.slice(name.length + 1, -1)
  // Brackets hold commas of their own.
  return inside === '' ? [] : inside.split(/,(?![^[]*\])/)
}

/** Calls with one argument changed, with all of them, with none, and with one too many. */
function callsOf(filter: FilterDescription): readonly string[] {
  const args = exampleArgs(filter)
  const call = (values: readonly string[]) => `${filter.name}(${values.join(',')})`
  const one = filter.args.flatMap((arg, i) => {
    const padded = filter.args.map((other, at) => args[at] ?? String(other.default ?? '1'))
    return [...declared(arg.expected), ...EDGES].map((text) => call(padded.toSpliced(i, 1, text)))
  })
  const all = EDGES.map((text) => call(filter.args.map(() => text)))
  return [...new Set([filter.example, ...one, ...all, call([]), call([...args, '1'])])]
}

const plain = (call: string) => decodeURIComponent(call.replace(/%(?![0-9A-F]{2})/g, '%25'))
const isAccepted = (call: string) => findFilter(call.slice(0, call.indexOf('(')))?.resolve(plain(call)).ok === true

/** Lists of filters that fit into a URL. */
function chunks(calls: readonly string[]): readonly string[] {
  const lists: string[] = []
  for (const call of calls) {
    const last = lists.at(-1)
    if (last !== undefined && last.length + call.length < 3000) lists[lists.length - 1] = `${last}:${call}`
    else lists.push(call)
  }
  return lists
}

/** The picture of these filters, at once or refused: nothing a client may ask is an error of ours. */
async function survives(filters: string) {
  const started = performance.now()
  const reply = await app.signed(`40x30/filters:${filters.replaceAll(' ', '%20')}/coffee.png`)
  expect([200, 400, 404, 414], `${filters.slice(0, 120)} → ${reply.status} ${reply.body.subarray(0, 200)}`).toContain(
    reply.status,
  )
  expect(performance.now() - started).toBeLessThan(15_000)
  return reply
}

describe('arguments at every bound and past it', () => {
  test.each(describeFilters())('$name', { timeout: 60_000 }, async (filter) => {
    const calls = callsOf(filter)
    const accepted = calls.filter(isAccepted)
    const refused = calls.filter((call) => !isAccepted(call))
    expect(accepted.length).toBeGreaterThan(0)
    for (const call of accepted) await survives(call)
    // These do nothing, each and together.
    for (const together of chunks(refused)) {
      expect((await survives(together)).status).toBe(together.length > 8000 ? 414 : 200)
    }
    expect((await app.signed('40x30/coffee.png')).status).toBe(200)
  })
})

describe('work that would take too long is refused before anything is decoded', () => {
  const many = (count: number, call: string) => Array(count).fill(call).join(':')
  const source = sample('coffee.png')
  const refs = { 'logo.png': sample('flower-small-rgba.png') }

  test.each([
    ['the largest blur on 75 megapixels', 8660, 'blur(150)'],
    ['a hundred largest blurs on a megapixel', 1000, many(100, 'blur(150)')],
    ['the largest matrix on 25 megapixels', 5000, `convolution(${Array(961).fill('1').join(';')},31,true)`],
    ['a hundred turns of 25 megapixels', 5000, many(100, 'rotate(90)')],
    ['a hundred times noise on 75 megapixels', 8660, many(100, 'noise(9)')],
    ['a hundred tiled watermarks on 75 megapixels', 8660, many(100, 'watermark(logo.png,repeat,repeat,9)')],
    ['a hundred times sharper on 75 megapixels', 8660, many(100, 'sharpen(1,1,false)')],
  ])('%s', async (_, side, filters) => {
    const asked = { width: side, height: side }
    await expect(planJob({ source, asked, filters, refs, format: 'jpeg' })).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    })
  })

  test.each([
    ['a watermark as large as it may be asked for', 'watermark(logo.png,0,0,0,99999999,99999999)'],
    ['a watermark of which one side explodes', 'watermark(logo.png,0,0,0,none,99999999)'],
  ])('%s', async (_, filters) => {
    const reply = await app.signed(`40x30/filters:${filters}/coffee.png`)
    expect([reply.status, errorCode(reply)]).toEqual([400, 'OUTPUT_TOO_LARGE'])
  })

  test('a canvas larger than results may be', async () => {
    const reply = await app.signed('fit-in/60000x60000/filters:fill(red)/coffee.png')
    expect([reply.status, errorCode(reply)]).toEqual([400, 'OUTPUT_TOO_LARGE'])
  })

  test('a watermark of one pixel repeated over a large picture is drawn few times', async () => {
    const asked = { width: 6000, height: 4000 }
    const tiny = { 'logo.png': await sharp(refs['logo.png']).resize(1, 1).png().toBuffer() }
    const { steps } = await planJob({ source, asked, filters: 'watermark(logo.png,repeat,repeat,9)', refs: tiny })
    expect(steps.find(({ op }) => op === 'overlay')?.params.copies).toBe(36)
  })

  test('a hundred filters on a small picture are nothing special', async () => {
    const filters = [many(40, 'brightness(1)'), many(30, 'rotate(90)'), many(30, 'round_corner(9999999,1,2,3)')].join(
      ':',
    )
    expect((await survives(filters)).status).toBe(200)
  })
})
