import type { RequestInHand } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { Exchange } from './exchange.ts'
import type { Upstream } from './pool/upstream.ts'

/** Which requests each worker has, and which it had when it failed them: what a crash record wants to know. */
export interface InHand {
  /** A request goes to a worker; call the result once when the worker is done with it. `lost`: it did not answer. */
  add(upstream: Upstream, exchange: Exchange): (lost: boolean) => void
  /** What a worker has now, and what it lost within the last seconds; oldest first. */
  of(worker: Pick<Upstream, 'id' | 'generation'>): readonly RequestInHand[]
}

interface Entry extends Omit<RequestInHand, 'ms'> {
  readonly worker: string
  readonly startedAt: number
  endedAt: number | undefined
}

const KEPT_MS = 10_000
const MOST_LOST = 200
const MOST_TOLD = 50
const LONGEST_PATH = 1000

export function createInHand(clock: Clock): InHand {
  const present = new Set<Entry>()
  let lost: Entry[] = []

  return {
    add(upstream, exchange) {
      const entry: Entry = {
        worker: nameOf(upstream),
        requestId: exchange.requestId,
        path: (exchange.request.url ?? '').slice(0, LONGEST_PATH),
        startedAt: clock.monotonic(),
        endedAt: undefined,
      }
      present.add(entry)
      return (isLost) => {
        if (!present.delete(entry) || !isLost) return
        entry.endedAt = clock.monotonic()
        lost = [...lost.slice(-MOST_LOST + 1), entry]
      }
    },
    of(worker) {
      const now = clock.monotonic()
      lost = lost.filter(({ endedAt = now }) => now - endedAt < KEPT_MS)
      const name = nameOf(worker)
      return [...lost, ...present]
        .filter((entry) => entry.worker === name)
        .sort((a, b) => a.startedAt - b.startedAt)
        .slice(0, MOST_TOLD)
        .map(({ requestId, path, startedAt, endedAt = now }) => ({
          requestId,
          path,
          ms: Math.round(endedAt - startedAt),
        }))
    },
  }
}

function nameOf({ id, generation }: Pick<Upstream, 'id' | 'generation'>): string {
  return `${id}#${generation}`
}
