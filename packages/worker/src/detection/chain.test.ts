import { ImgsvcError } from '@imgsvc/core/errors'
import { expect, test } from 'vitest'
import type { DetectedPoint } from '../stores/detector-data.ts'
import { askInOrder } from './chain.ts'
import type { Detector, Detectors } from './detectors.ts'

const GLANCE = {
  size: { width: 1, height: 1 },
  image: { data: new Uint8Array(3), width: 1, height: 1, channels: 3 },
} as const
const { signal } = new AbortController()
const POINT: DetectedPoint = { x: 1, y: 2, z: 3, width: 1, height: 1, origin: 'somebody' }

const finds: Detector = () => Promise.resolve([POINT])
const findsNothing: Detector = () => Promise.resolve([])
const fails = (code: 'DETECTION_FAILED' | 'DETECTION_TIMEOUT' | 'BUSY'): Detector => {
  return () => Promise.reject(new ImgsvcError(code))
}

async function ask(asked: Partial<Detectors>, until = signal) {
  const outcomes: string[] = []
  const detectors = asked as Detectors
  const names = Object.keys(asked) as (keyof Detectors)[]
  const onOutcome = (name: string, outcome: string) => outcomes.push(`${name} ${outcome}`)
  return { finding: await askInOrder(names, GLANCE, until, { detectors, onOutcome }), outcomes }
}

test('the next detector is asked only when nothing was found', async () => {
  const { finding, outcomes } = await ask({ face: findsNothing, profile: finds, feature: finds })
  expect(finding).toEqual({ points: [POINT], failed: false })
  expect(outcomes).toEqual(['face nothing', 'profile found'])
})

test('a detector that fails is passed over, and the finding says so', async () => {
  const { finding, outcomes } = await ask({
    face: fails('DETECTION_FAILED'),
    profile: fails('DETECTION_TIMEOUT'),
    glasses: fails('BUSY'),
    feature: finds,
  })
  expect(finding).toEqual({ points: [POINT], failed: true })
  expect(outcomes).toEqual(['face failed', 'profile timeout', 'glasses busy', 'feature found'])
})

test('nothing found by anybody is no failure', async () => {
  expect((await ask({ face: findsNothing, feature: findsNothing })).finding).toEqual({ points: [], failed: false })
})

test('who has left waits for no other detector', async () => {
  const leaving = new AbortController()
  const reason = new Error('gone')
  const leave: Detector = () => {
    leaving.abort(reason)
    return Promise.reject(reason)
  }
  await expect(ask({ face: leave, feature: finds }, leaving.signal)).rejects.toBe(reason)
})
