import type { SelectionPolicy, Upstream } from '../upstream.ts'

/**
 * Smooth weighted round robin, as nginx (`ngx_http_upstream_get_peer`): every pick adds each weight to a running
 * value, the highest wins and pays the total. Spreads evenly also while upstreams come, go and are skipped.
 */
export function createRoundRobin(): SelectionPolicy {
  const current = new WeakMap<Upstream, number>()
  return function* (available) {
    const left = new Set(available)
    while (left.size > 0) {
      let best: Upstream | undefined
      let highest = Number.NEGATIVE_INFINITY
      let total = 0
      for (const upstream of left) {
        const value = (current.get(upstream) ?? 0) + upstream.weight
        current.set(upstream, value)
        total += upstream.weight
        if (value > highest) {
          highest = value
          best = upstream
        }
      }
      if (!best) return
      current.set(best, highest - total)
      left.delete(best)
      yield best
    }
  }
}
