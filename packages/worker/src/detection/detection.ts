import { fileURLToPath } from 'node:url'
import type { Config } from '@imgsvc/core/config/schema'
import type { DetectorData } from '../stores/detector-data.ts'
import type { Outcome } from './chain.ts'
import { createDetectorThread } from './detector-thread.ts'
import { type Cascades, createDetectors, type DetectorName } from './detectors.ts'
import { createFinder, type Finder } from './finder.ts'

export interface DetectionOptions {
  readonly settings: () => Config['detection']
  readonly stored: DetectorData
  readonly log: { warn(fields: object, text: string): void }
  readonly onLookup: (result: 'hit' | 'miss' | 'coalesced') => void
  readonly onOutcome: (detector: DetectorName, outcome: Outcome, ms: number) => void
  /** What the detector thread runs; the built `thread.ts` beside this file unless said otherwise. */
  readonly program?: URL | undefined
}

/** Detection as one worker has it. */
export interface Detection {
  readonly finder: Finder
  /** OpenCV is in memory. */
  readonly isRunning: boolean
  close(): Promise<void>
}

/** The cascades that come with imgsvc, in `packages/worker/detectors`. */
const CASCADES: Cascades = {
  face: cascadePath('frontalface_alt'),
  profile: cascadePath('profileface'),
  glasses: cascadePath('eye_tree_eyeglasses'),
  eye: cascadePath('eye'),
}

function cascadePath(name: string): string {
  return fileURLToPath(new URL(`../../detectors/haarcascade_${name}.xml`, import.meta.url))
}

/** Wires thread, detectors and memory; nothing of OpenCV is loaded before the first picture. */
export function createDetection({
  settings,
  stored,
  log,
  onLookup,
  onOutcome,
  program = new URL('./thread.js', import.meta.url),
}: DetectionOptions): Detection {
  const thread = createDetectorThread({ program, settings })
  return {
    finder: createFinder({
      detectors: createDetectors({ thread, cascades: CASCADES, settings }),
      stored,
      onLookup,
      onOutcome(detector, outcome, ms, error) {
        onOutcome(detector, outcome, ms)
        if (error !== undefined) log.warn({ detector, outcome, err: error }, 'detector failed; going on without it')
      },
      onUndecodable: (error) => log.warn({ err: error }, 'source could not be decoded for the detectors'),
    }),
    get isRunning() {
      return thread.isRunning
    },
    close: thread.close,
  }
}
