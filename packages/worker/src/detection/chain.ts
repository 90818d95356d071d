import { toImgsvcError } from '@imgsvc/core/errors'
import type { Glance } from '../engine/glance.ts'
import type { DetectedPoint } from '../stores/detector-data.ts'
import type { DetectorName, Detectors } from './detectors.ts'

/** How a detector's look at one picture ended. */
export type Outcome = 'found' | 'nothing' | 'failed' | 'timeout' | 'busy'

/** What was found by the first detector that found something. */
export interface Finding {
  readonly points: readonly DetectedPoint[]
  /** A detector that was asked could not tell: another try may give something better. */
  readonly failed: boolean
}

export interface ChainParts {
  readonly detectors: Detectors
  /** Told of every detector that was asked, with the time it took, ms; `error` is why it failed. */
  readonly onOutcome: (detector: DetectorName, outcome: Outcome, ms: number, error?: unknown) => void
}

/**
 * Asks detectors in order until one finds something; one that fails is passed over (`thumbor/detectors/__init__.py`,
 * next). Throws only the signal's reason.
 */
export async function askInOrder(
  names: readonly DetectorName[],
  glance: Glance,
  signal: AbortSignal,
  { detectors, onOutcome }: ChainParts,
): Promise<Finding> {
  let failed = false
  for (const name of names) {
    const from = performance.now()
    try {
      const points = await detectors[name](glance, signal)
      onOutcome(name, points.length > 0 ? 'found' : 'nothing', performance.now() - from)
      if (points.length > 0) return { points, failed }
    } catch (error) {
      signal.throwIfAborted()
      failed = true
      onOutcome(name, outcomeOf(error), performance.now() - from, error)
    }
  }
  return { points: [], failed }
}

function outcomeOf(error: unknown): Outcome {
  const { code } = toImgsvcError(error)
  if (code === 'BUSY') return 'busy'
  return code === 'DETECTION_TIMEOUT' ? 'timeout' : 'failed'
}
