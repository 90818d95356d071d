import type { UpstreamEntry, UpstreamList } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import { createUpstream, type SelectionPolicy, type Upstream } from './upstream.ts'
import { createWaiters } from './waiters.ts'

export interface UpstreamPool {
  /** Takes a new list unless it is older than the present one; false when it is not taken. */
  replace(list: UpstreamList): boolean
  /** Where a request may go now, first choice first; those that failed lately come last, full ones not at all. */
  candidates(key: string): Iterable<Upstream>
  /** Counts a request in; call the result once when it is over. */
  acquire(upstream: Upstream): () => void
  /** It refused or broke a connection: skipped for a short time that grows with each failure in a row. */
  failed(upstream: Upstream): void
  /** It answered: its failures are forgiven. */
  succeeded(upstream: Upstream): void
  /** Does the supervisor say that any worker is up? */
  anyUp(): boolean
  list(): readonly Upstream[]
  /**
   * Waits for a reason to look at `candidates` again: a new list, a free place, the end of a skip.
   * False when `ms` passed first or too many are waiting already; rejects when the signal fires.
   */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
}

export interface PoolOptions {
  readonly clock: Clock
  readonly policy: SelectionPolicy
  /** Requests under way per upstream, at most. */
  readonly maxInFlight: number
  /** Requests that may wait at the same time. */
  readonly maxWaiting: number
  /** An upstream takes no new requests from now on (gone, down or replaced by its successor). */
  readonly onRetired: (upstream: Upstream) => void
}

const SKIP_FIRST_MS = 100
const SKIP_LONGEST_MS = 2000

/** The workers this balancer routes to. Starts empty; `replace` fills it. */
export function createPool(options: PoolOptions): UpstreamPool {
  const { clock, policy, maxInFlight, onRetired } = options
  const waiters = createWaiters(clock, options.maxWaiting)
  let version = -1
  let upstreams: readonly Upstream[] = []

  const isUp = (upstream: Upstream) => upstream.state === 'up'
  const hasRoom = (upstream: Upstream) => upstream.inFlight < maxInFlight

  function* candidates(key: string): Iterable<Upstream> {
    const now = clock.monotonic()
    const available = upstreams.filter((upstream) => isUp(upstream) && hasRoom(upstream))
    yield* policy(
      available.filter((upstream) => upstream.skipUntil <= now),
      key,
    )
    // Better a worker that failed a moment ago than none at all (Envoy calls it panic routing).
    yield* available.filter((upstream) => upstream.skipUntil > now).sort((a, b) => a.skipUntil - b.skipUntil)
  }

  /** Time until the first skipped upstream is a normal choice again, ms. */
  function nextSkipEnd(): number {
    const now = clock.monotonic()
    const ends = upstreams.filter((upstream) => isUp(upstream) && upstream.skipUntil > now)
    return Math.min(Number.POSITIVE_INFINITY, ...ends.map((upstream) => upstream.skipUntil - now))
  }

  return {
    replace(list) {
      if (list.version <= version) return false
      version = list.version
      const before = upstreams
      upstreams = list.upstreams.map((entry) => keepOrCreate(before, entry))
      for (const old of before) if (!upstreams.includes(old)) old.state = 'down'
      for (const upstream of new Set([...before, ...upstreams])) if (upstream.state === 'down') onRetired(upstream)
      waiters.wakeAll()
      // Last, when the others are known: what a lost one has in hand goes to them.
      for (const upstream of before) if (upstream.state === 'down') withdraw(upstream)
      return true
    },
    candidates,
    acquire(upstream) {
      upstream.inFlight++
      let released = false
      return () => {
        if (released) return
        released = true
        if (!hasRoom(upstream)) waiters.wakeOne()
        upstream.inFlight--
      }
    },
    failed(upstream) {
      const pause = Math.min(SKIP_LONGEST_MS, SKIP_FIRST_MS * 2 ** upstream.failures)
      upstream.failures++
      upstream.skipUntil = clock.monotonic() + pause
    },
    succeeded(upstream) {
      upstream.failures = 0
      upstream.skipUntil = 0
    },
    anyUp: () => upstreams.some(isUp),
    list: () => upstreams,
    async wait(ms, signal) {
      const pause = Math.min(ms, nextSkipEnd())
      const woken = await waiters.wait(pause, signal)
      return woken === 'woken' || (woken === 'timeout' && pause < ms)
    },
  }
}

function withdraw({ onWithdrawn }: Upstream): void {
  for (const leave of [...onWithdrawn]) leave()
}

function keepOrCreate(before: readonly Upstream[], entry: UpstreamEntry): Upstream {
  const same = before.find(
    (old) =>
      old.id === entry.id &&
      old.generation === entry.generation &&
      old.host === entry.host &&
      old.port === entry.port &&
      old.state !== 'down',
  )
  if (!same) return createUpstream(entry)
  same.state = entry.state
  return same
}
