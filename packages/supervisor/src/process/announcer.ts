import { existsSync, readFileSync } from 'node:fs'
import { writeFileAtomic } from '@imgsvc/core/atomic-file'
import type { UpstreamEntry, UpstreamList } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessId } from '@imgsvc/core/process'
import { parseUpstreamList } from '@imgsvc/core/upstream-list'

/** A balancer as the announcer sees it. */
export interface Listener {
  readonly id: ProcessId
  /** Goes up with every spawn: a new process has heard nothing yet. */
  readonly generation: number
  /** Rejects when the balancer does not take the list in time. */
  deliver(list: UpstreamList): Promise<void>
}

export interface AnnouncerOptions {
  /** `run/upstreams.json`. */
  readonly path: string
  /** Its mode; default 0600. */
  readonly mode?: number
  readonly clock: Clock
  readonly log: Logger
  upstreams(): readonly UpstreamEntry[]
  /** The balancers that are ready. */
  listeners(): readonly Listener[]
}

/** Tells the balancers which workers to use: a file for those that start, a call for those that run. */
export interface Announcer {
  /** Something may have changed: publishes the list when it did and brings late balancers up to date. */
  update(): void
  /** Resolves once every balancer has the list of this moment, or could not be told in time. Never rejects. */
  delivered(): Promise<void>
  /** Saves the list again when its file was removed. */
  restore(): void
  /** The workers as the balancers know them. */
  current(): UpstreamList
  close(): void
}

const RETRY_MS = 1000

export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { log, clock } = options
  // Adopted balancers may know more than the file, if it could not be saved or was lost: the clock is ahead of both.
  let list: UpstreamList = { version: Math.max(lastVersion(options.path), clock.now()), upstreams: [] }
  let published: string | undefined
  let saved = true
  let cancelRetry: (() => void) | undefined
  const known = new Map<string, number>()
  const telling = new Map<string, { readonly version: number; readonly done: Promise<void> }>()

  function publish(): void {
    const upstreams = options.upstreams()
    const text = JSON.stringify(upstreams)
    if (text !== published) {
      published = text
      list = { version: list.version + 1, upstreams }
      saved = false
    }
    if (saved) return
    try {
      writeFileAtomic(options.path, `${JSON.stringify(list)}\n`, options.mode)
      saved = true
    } catch (error) {
      // Running balancers are told over their sockets all the same; the file matters to the next one that starts.
      log.error({ err: error, path: options.path }, 'the list of workers cannot be saved')
      retryLater()
    }
  }

  /** One call per balancer and version: those who wait for the same list share it. */
  function tell(listener: Listener): Promise<void> {
    const key = `${listener.id}#${listener.generation}`
    const { version } = list
    if (known.get(key) === version) return Promise.resolve()
    const underWay = telling.get(key)
    if (underWay?.version === version) return underWay.done
    const done = deliver(listener, key).finally(() => {
      if (telling.get(key)?.version === version) telling.delete(key)
    })
    telling.set(key, { version, done })
    return done
  }

  async function deliver(listener: Listener, key: string): Promise<void> {
    const { version } = list
    try {
      await listener.deliver(list)
      if ((known.get(key) ?? 0) < version) known.set(key, version)
    } catch (error) {
      log.warn({ err: error, process: listener.id, version }, 'a balancer did not take the list of workers')
      retryLater()
    }
  }

  async function tellAll(): Promise<void> {
    const listeners = options.listeners()
    const keys = new Set(listeners.map(({ id, generation }) => `${id}#${generation}`))
    for (const key of known.keys()) if (!keys.has(key)) known.delete(key)
    await Promise.all(listeners.map(tell))
  }

  function retryLater(): void {
    cancelRetry ??= clock.timer(RETRY_MS, () => {
      cancelRetry = undefined
      publish()
      void tellAll()
    })
  }

  return {
    update() {
      publish()
      void tellAll()
    },
    async delivered() {
      publish()
      await tellAll()
    },
    restore() {
      if (published === undefined || existsSync(options.path)) return
      saved = false
      publish()
    },
    current: () => list,
    close() {
      cancelRetry?.()
      cancelRetry = undefined
    },
  }
}

/** Versions only go up, also across supervisors: a balancer ignores an older list. */
function lastVersion(path: string): number {
  try {
    return parseUpstreamList(JSON.parse(readFileSync(path, 'utf8'))).version
  } catch {
    return 0 // none yet, or damaged: it is written anew
  }
}
