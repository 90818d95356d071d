import { Agent } from 'node:http'
import { type Expected, fetchWhole, type Loss, lossBehind, lossOf } from './request.ts'

/** One request of the load; times are monotonic ms. */
export interface Shot {
  readonly id: number
  /** When it was due. Latency counts from here, so that a load that falls behind does not look fast. */
  readonly dueAt: number
  readonly path: string
  readonly doneAt: number
  readonly loss: Loss | undefined
}

/** What to ask for next, and what the answer must be. */
export type NextRequest = () => { readonly path: string; readonly expected: Expected }

export interface LoadOptions {
  readonly base: string
  /** Requests per second. */
  readonly rate: number
  readonly next: NextRequest
  readonly timeoutMs?: number
  /** Ends by itself after this many requests. */
  readonly count?: number
  /** Requests under way at once; more are not sent and count as lost. Default: those of the time-out and a second. */
  readonly maxUnderWay?: number
}

/** Open-loop load: requests are sent when they are due, whether or not earlier ones were answered. */
export interface Load {
  /** Finished requests, in the order they ended. */
  readonly shots: readonly Shot[]
  /** No new requests from now on; resolves when the last one is answered or given up. */
  stop(): Promise<void>
  /** Resolves once `count` requests are finished. */
  readonly ended: Promise<void>
}

/** User agent of a request, by which its line is found in the access log. */
export const userAgentOf = (id: number) => `imgsvc-chaos/${id}`

const TICK_MS = 4
const TIMEOUT_MS = 5000

/** Starts the load. */
export function startLoad(options: LoadOptions): Load {
  const { base, rate, next, timeoutMs = TIMEOUT_MS, count = Infinity } = options
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 })
  const bound = options.maxUnderWay ?? Math.ceil((rate * (timeoutMs + 1000)) / 1000)
  const startedAt = performance.now()
  const shots: Shot[] = []
  const underWay = new Set<Promise<void>>()
  let sent = 0
  let isOver = false
  let finish = () => {}
  const ended = new Promise<void>((resolve) => {
    finish = resolve
  })

  async function shoot(id: number, dueAt: number): Promise<void> {
    const { path, expected } = next()
    const note = (loss: Loss | undefined) => shots.push({ id, dueAt, path, doneAt: performance.now(), loss })
    if (underWay.size >= bound) {
      note({ reason: 'other', detail: `more than ${bound} requests without an answer` })
      return
    }
    try {
      const answer = await fetchWhole({ agent, url: `${base}${path}`, userAgent: userAgentOf(id), timeoutMs })
      note(lossOf(answer, expected))
    } catch (error) {
      note(lossBehind(error))
    }
  }

  const timer = setInterval(() => {
    const now = performance.now()
    while (sent < count) {
      const dueAt = startedAt + (sent * 1000) / rate
      if (dueAt > now) break
      const shot: Promise<void> = shoot(sent, dueAt).finally(() => underWay.delete(shot))
      underWay.add(shot)
      sent += 1
    }
    if (sent >= count) void stop()
  }, TICK_MS)

  async function stop(): Promise<void> {
    if (!isOver) {
      isOver = true
      clearInterval(timer)
      await Promise.all(underWay)
      agent.destroy()
      finish()
    }
    await ended
  }

  return { shots, stop, ended }
}
