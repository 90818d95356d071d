import { configSchema } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { describe, expect, test } from 'vitest'
import { IMAGES, sample } from '../../test/images/pictures.ts'
import { probe } from '../engine/decode.ts'
import type { DetectedPoint } from '../stores/detector-data.ts'
import type { Detector, Detectors } from './detectors.ts'
import { createFinder, type Subject } from './finder.ts'

const SETTINGS = configSchema.parse({}).detection
const POINT: DetectedPoint = { x: 100, y: 50, z: 9, width: 3, height: 3, origin: 'Face Detection' }
const bytes = sample('rocket.jpg')
const info = await probe(bytes, IMAGES)

function subject(changes: Partial<Subject> = {}): Subject {
  const arrival = { source: info, orientation: 1, maxWidth: 0, maxHeight: 0 }
  return { source: 'rocket.jpg', bytes, modifiedAt: 1000, info, arrival, trimBox: undefined, ...changes }
}

/** A finder with one detector, and what it did. */
function start({
  face = () => Promise.resolve([POINT]),
  kept = new Map(),
}: {
  face?: Detector
  kept?: Map<string, readonly DetectedPoint[]>
} = {}) {
  const done: string[] = []
  const finder = createFinder({
    detectors: { face } as unknown as Detectors,
    onOutcome: (name, outcome) => done.push(`${name} ${outcome}`),
    onLookup: (result) => done.push(result),
    onUndecodable: () => done.push('undecodable'),
    stored: {
      get: (source) => Promise.resolve(kept.get(source)),
      async put(source, points) {
        kept.set(source, points)
      },
    },
  })
  const find = (changes: Partial<Subject> = {}, settings: Partial<typeof SETTINGS> = {}, signal = never) =>
    finder.find(subject(changes), ['face'], {
      signal,
      inLine: (_, run) => run(),
      settings: { ...SETTINGS, ...settings },
    })
  return { find, done, kept }
}
const never = new AbortController().signal
const fails: Detector = () => Promise.reject(new ImgsvcError('DETECTION_FAILED'))

test('a picture is searched once and its points are kept beside the original', async () => {
  const { find, done, kept } = start()
  expect(await find()).toEqual({ points: [POINT], failed: false })
  expect(await find()).toEqual({ points: [POINT], failed: false })
  expect(done).toEqual(['face found', 'miss', 'hit'])
  expect([...kept]).toEqual([['rocket.jpg', [POINT]]])
})

test('who asks while it is searched joins the search', async () => {
  const { find, done } = start()
  await Promise.all([find(), find(), find()])
  expect(done.toSorted()).toEqual(['coalesced', 'coalesced', 'face found', 'miss'])
})

test('who leaves does not end the search of the others', async () => {
  const leaving = new AbortController()
  const { find } = start({
    face: async (_, signal) => {
      leaving.abort(new Error('gone'))
      signal.throwIfAborted()
      return [POINT]
    },
  })
  const left = expect(find({}, {}, leaving.signal)).rejects.toThrow('gone')
  expect(await find()).toEqual({ points: [POINT], failed: false })
  await left
})

test('nothing found is remembered and kept as well', async () => {
  const { find, done, kept } = start({ face: () => Promise.resolve([]) })
  await find()
  await find()
  expect(done).toEqual(['face nothing', 'miss', 'hit'])
  expect(kept.get('rocket.jpg')).toEqual([])
})

describe('stored points', () => {
  test('are used instead of searching', async () => {
    const { find, done } = start({ kept: new Map([['rocket.jpg', [POINT]]]) })
    expect(await find()).toEqual({ points: [POINT], failed: false })
    expect(done).toEqual(['hit'])
  })

  test('that lie outside of the picture are of another one: it is searched', async () => {
    const { find, done, kept } = start({ kept: new Map([['rocket.jpg', [{ ...POINT, x: 5000 }]]]) })
    await find()
    expect(done).toEqual(['face found', 'miss'])
    expect(kept.get('rocket.jpg')).toEqual([POINT])
  })

  test('of a trimmed or turned picture have places of their own', async () => {
    const { find, kept } = start()
    await find()
    await find({ trimBox: { left: 1, top: 1, width: 50, height: 50 } })
    await find({ arrival: { source: info, orientation: 6, maxWidth: 0, maxHeight: 0 } })
    expect(kept.size).toBe(3)
    expect([...kept.keys()].filter((name) => name === 'rocket.jpg')).toHaveLength(1)
  })
})

describe('a search that failed', () => {
  test('is not stored, and the picture is searched again when its time is over', async () => {
    const { find, done, kept } = start({ face: fails })
    expect(await find()).toEqual({ points: [], failed: true })
    expect(await find()).toEqual({ points: [], failed: true })
    expect(done).toEqual(['face failed', 'miss', 'hit'])
    expect(kept.size).toBe(0)
    const other = start({ face: fails })
    await other.find({}, { temporaryMaxAge: 0 })
    await other.find({}, { temporaryMaxAge: 0 })
    expect(other.done).toEqual(['face failed', 'miss', 'face failed', 'miss'])
  })

  test('and one of a picture that arrived cut short are not stored', async () => {
    const { find, kept } = start()
    expect(await find({ info: { ...info, truncated: true } })).toEqual({ points: [POINT], failed: false })
    expect(kept.size).toBe(0)
  })

  test('is what a picture that cannot be decoded comes to', async () => {
    const { find, done } = start()
    const broken = Buffer.from(sample('astronaut.png').subarray(0, 40))
    expect(await find({ bytes: broken })).toEqual({ points: [], failed: true })
    expect(done).toEqual(['undecodable', 'miss'])
  })
})

test.each([
  ['the bytes change', { bytes: sample('chelsea.png') }, {}],
  ['the cascade changes', {}, { faceCascade: '/other.xml' }],
  ['it is looked at larger', {}, { maxPixels: 2_000_000 }],
])('it is not remembered when %s', async (_, changes, settings) => {
  const { find, done, kept } = start()
  await find()
  kept.clear()
  const now = changes.bytes ? { ...changes, info: await probe(changes.bytes, IMAGES) } : changes
  await find(now, settings)
  expect(done).toEqual(['face found', 'miss', 'face found', 'miss'])
})
