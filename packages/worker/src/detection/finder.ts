import { createHash } from 'node:crypto'
import type { Config } from '@imgsvc/core/config/schema'
import { LRUCache } from 'lru-cache'
import type { Box } from '../engine/geometry/box.ts'
import { type Arrival, arrive } from '../engine/geometry/transform.ts'
import { type GlanceInput, glance } from '../engine/glance.ts'
import type { SourceInfo } from '../engine/image.ts'
import { digestOf } from '../pipeline/etag.ts'
import { createSingleFlight } from '../pipeline/single-flight.ts'
import type { DetectorData } from '../stores/detector-data.ts'
import { askInOrder, type ChainParts, type Finding } from './chain.ts'
import type { DetectorName } from './detectors.ts'
import { usable } from './points.ts'

/** What is looked at: a source after normalising, turning and trimming. */
export interface Subject {
  /** thumbor's image_url. */
  readonly source: string
  readonly bytes: Buffer
  /** Epoch ms; points found before this are of another picture. */
  readonly modifiedAt: number | undefined
  readonly info: SourceInfo
  readonly arrival: Arrival
  readonly trimBox: Box | undefined
}

export interface FindOptions {
  readonly signal: AbortSignal
  /** Runs what decodes when there is room for it. */
  readonly inLine: <T>(signal: AbortSignal, decode: () => Promise<T>) => Promise<T>
  readonly settings: Config['detection']
}

/** Finds what matters in a source and remembers it. Throws only the signal's reason. */
export interface Finder {
  find(subject: Subject, names: readonly DetectorName[], options: FindOptions): Promise<Finding>
}

export interface FinderParts extends ChainParts {
  readonly stored: DetectorData
  /** Told how each look-up ended. */
  readonly onLookup: (result: 'hit' | 'miss' | 'coalesced') => void
  /** Told that a source could not even be decoded for the detectors. */
  readonly onUndecodable: (error: unknown) => void
}

/** Findings in memory; most are a face or two. */
const MAX_REMEMBERED = 5_000

/**
 * Memory, then what is stored beside the original, then the detectors: a source pays once, however many sizes of it are
 * asked for at once. A finding of which something failed is remembered for `temporaryMaxAge` only and not stored.
 */
export function createFinder(parts: FinderParts): Finder {
  const remembered = new LRUCache<string, Finding>({ max: MAX_REMEMBERED })
  const flights = createSingleFlight<{ readonly finding: Finding; readonly from: 'stored' | 'detectors' }>()

  async function search(subject: Subject, names: readonly DetectorName[], key: string, options: FindOptions) {
    const name = nameIn(subject, names)
    const kept = await parts.stored.get(name, { signal: options.signal, notBefore: subject.modifiedAt })
    const points = kept && usable(kept, sizeOf(subject))
    if (points) return { finding: remember(key, { points, failed: false }, options), from: 'stored' as const }
    const finding = remember(key, await detect(subject, names, options, parts), options)
    // Beside the request: a slow disk must not hold the client. put() never rejects.
    const isLasting = !finding.failed && !subject.info.truncated
    if (isLasting) void parts.stored.put(name, finding.points)
    return { finding, from: 'detectors' as const }
  }

  function remember(key: string, finding: Finding, { settings }: FindOptions): Finding {
    if (!finding.failed) remembered.set(key, finding)
    else if (settings.temporaryMaxAge > 0) remembered.set(key, finding, { ttl: settings.temporaryMaxAge })
    return finding
  }

  return {
    async find(subject, names, options) {
      const key = keyOf(subject, names, options.settings)
      const known = remembered.get(key)
      if (known) {
        parts.onLookup('hit')
        return known
      }
      const { value, joined } = await flights.run(key, options.signal, (signal) =>
        search(subject, names, key, { ...options, signal }),
      )
      parts.onLookup(joined ? 'coalesced' : value.from === 'stored' ? 'hit' : 'miss')
      return value.finding
    },
  }
}

async function detect(
  { bytes, info, arrival, trimBox }: Subject,
  names: readonly DetectorName[],
  { signal, inLine, settings }: FindOptions,
  parts: FinderParts,
): Promise<Finding> {
  const input: GlanceInput = { bytes, source: info, arrival, trimBox, maxPixels: settings.maxPixels }
  let seen: Awaited<ReturnType<typeof glance>>
  try {
    seen = await inLine(signal, () => glance(input))
  } catch (error) {
    signal.throwIfAborted()
    parts.onUndecodable(error)
    return { points: [], failed: true }
  }
  return askInOrder(names, seen, signal, parts)
}

function sizeOf({ arrival, trimBox }: Subject) {
  return trimBox ?? arrive(arrival).size
}

/** Everything the points depend on. */
function keyOf({ bytes, arrival, trimBox }: Subject, names: readonly DetectorName[], settings: Config['detection']) {
  const { maxPixels, faceCascade, profileCascade, glassesCascade } = settings
  const cascades = [faceCascade, profileCascade, glassesCascade]
  return [digestOf(bytes), JSON.stringify([names, stateOf(arrival, trimBox), maxPixels, cascades])].join('\n')
}

function stateOf({ source, orientation, maxWidth, maxHeight }: Arrival, trimBox: Box | undefined) {
  return [source.width, source.height, orientation, maxWidth, maxHeight, trimBox]
}

/**
 * Where points are stored: beside the original, as thumbor does, when they are of the picture as it is. In thumbor the
 * points of a trimmed or turned picture take the same place and then serve the other states wrongly.
 */
function nameIn({ source, arrival, trimBox }: Subject, names: readonly DetectorName[]): string {
  const isAsStored = !trimBox && arrive(arrival).ops.length === 0
  if (isAsStored && !names.includes('eyes')) return source
  const state = JSON.stringify([names.includes('eyes'), stateOf(arrival, trimBox)])
  return `${source}/${createHash('sha1').update(state).digest('hex')}`
}
