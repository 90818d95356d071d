export interface WriteQueueLimits {
  /** Writes under way at once. Few: they share the thread pool with rendering and DNS. */
  readonly concurrency: number
  /** Writes accepted and not finished. */
  readonly maxPending: number
  /** Bytes held by them. */
  readonly maxPendingBytes: number
}

export const WRITE_QUEUE_LIMITS: WriteQueueLimits = {
  concurrency: 4,
  maxPending: 256,
  maxPendingBytes: 128 * 1024 * 1024,
}

/** Writes of a cache: a slow disk costs bounded memory, and what does not fit is not written. */
export interface WriteQueue {
  /** False: dropped, the queue is full. True: `write` ran to its end. Rejects with what `write` throws. */
  run(bytes: number, write: () => Promise<void>): Promise<boolean>
  /** Resolves when every accepted write is over. */
  idle(): Promise<void>
}

/** First in, first out; the limits count what runs and what waits. */
export function createWriteQueue(limits: WriteQueueLimits = WRITE_QUEUE_LIMITS): WriteQueue {
  const waiting: (() => void)[] = []
  const whenIdle: (() => void)[] = []
  let running = 0
  let pending = 0
  let pendingBytes = 0

  async function slot(): Promise<void> {
    // A slot that becomes free is handed over, not raced for: `running` stays as it is.
    if (running >= limits.concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
  }

  function release(bytes: number): void {
    pending--
    pendingBytes -= bytes
    const next = waiting.shift()
    if (next) next()
    else running--
    if (pending === 0) for (const resolve of whenIdle.splice(0)) resolve()
  }

  return {
    async run(bytes, write) {
      if (pending >= limits.maxPending || pendingBytes + bytes > limits.maxPendingBytes) return false
      pending++
      pendingBytes += bytes
      await slot()
      try {
        await write()
        return true
      } finally {
        release(bytes)
      }
    },
    idle: () => (pending === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  }
}
