import type { DetectedPoint, DetectorData } from './detector-data.ts'
import type { Sidecars } from './sidecars.ts'

/** What a document may have at most; thumbor's detectors find some dozens. */
const MAX_POINTS = 1_000

/** Points as thumbor's JSON: a list of `{ x, y, z, height, width, origin }` (`thumbor/point.py`, to_dict). */
export function createDetectorData(sidecars: Sidecars, nameOf: (source: string) => string): DetectorData {
  return {
    async get(source, io) {
      const found = await sidecars.get(nameOf(source), io)
      if (!found) return undefined
      if (io.notBefore !== undefined && found.modifiedAt !== undefined && found.modifiedAt < io.notBefore)
        return undefined
      return parsePoints(found.bytes.toString())
    },
    async put(source, points) {
      await sidecars.put(nameOf(source), formatPoints(points), 'application/json')
    },
  }
}

/** Nothing is kept. */
export function createNoDetectorData(): DetectorData {
  return { get: () => Promise.resolve(undefined), put: () => Promise.resolve() }
}

function formatPoints(points: readonly DetectedPoint[]): string {
  return JSON.stringify(points.map(({ x, y, z, height, width, origin }) => ({ x, y, z, height, width, origin })))
}

/** The points of a document; undefined when it is not one. Box and origin may be absent, as in old documents. */
export function parsePoints(text: string): readonly DetectedPoint[] | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined // Cut short or not ours: the picture is looked at again, which replaces it.
  }
  if (!Array.isArray(document) || document.length > MAX_POINTS) return undefined
  const points = document.map(pointOf)
  return points.includes(undefined) ? undefined : (points as readonly DetectedPoint[])
}

function pointOf(value: unknown): DetectedPoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { x, y, z, width = 1, height = 1, origin = 'alignment' } = value as Readonly<Record<string, unknown>>
  // Number.isFinite takes no other type for a number.
  const isPoint = [x, y, z, width, height].every(Number.isFinite) && typeof origin === 'string'
  return isPoint ? ({ x, y, z, width, height, origin } as DetectedPoint) : undefined
}
