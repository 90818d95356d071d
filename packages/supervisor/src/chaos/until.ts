import { sleep } from '@imgsvc/core/clock'

export interface Wait {
  readonly withinMs: number
  readonly everyMs?: number
  readonly signal?: AbortSignal
}

/** A look: what is seen, or nothing. */
export type Look<T> = () => T | undefined | null | false | Promise<T | undefined | null | false>

/**
 * Looks again and again until there is something to see. Resolves to it, or to undefined after `withinMs`; rejects
 * when the signal is aborted or looking fails.
 */
export async function until<T>(look: Look<T>, wait: Wait): Promise<T | undefined> {
  const deadline = performance.now() + wait.withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen
    if (performance.now() > deadline) return undefined
    await sleep(wait.everyMs ?? 50, wait.signal)
  }
}
