import { availableParallelism } from 'node:os'
import type { Config } from '@imgsvc/core/config/schema'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { rendersPerWorker } from '@imgsvc/core/worker-counts'
import type { Express } from 'express'
import sharp from 'sharp'
import { setUpSharp } from './engine/sharp-setup.ts'
import { createServer } from './http/server.ts'
import { createSources } from './loaders/sources.ts'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'
import { authorisationOf } from './pipeline/authorise.ts'
import { createSourceFetcher } from './pipeline/fetch-source.ts'
import { createLimiter } from './pipeline/limiter.ts'
import { createPictures } from './pipeline/picture.ts'
import type { ResultStorage } from './pipeline/types.ts'
import { createFileResultStorage, createNoResultStorage } from './stores/result-storage.ts'
import { createFileSourceStorage, createNoSourceStorage, type SourceStorage } from './stores/source-storage.ts'

// Goes up when the same request gives other bytes than before; with sharp's version part of every ETag.
const ENGINE_GENERATION = 1

export interface AppOptions {
  /** Secrets resolved. */
  readonly config: Config
  readonly log: Logger
  readonly id: string
  readonly isReady: () => boolean
  readonly sample: () => ProcessSample
}

export interface App {
  readonly express: Express
  readonly metrics: WorkerMetrics
  /** Applies what may change while running; the rest waits for a restart. */
  configure(config: Config): void
  close(): Promise<void>
}

/** The composition root: the only place of the worker that names concrete sources, stores and engine. */
export async function createApp({ config, log, id, isReady, sample }: AppOptions): Promise<App> {
  setUpSharp()
  let current = config
  let authorisation = authorisationOf(config.security)
  const limiter = createLimiter(rendersPerWorker(config, availableParallelism()), config.workers.queue)
  const metrics = createWorkerMetrics({
    id,
    sample,
    renders: () => limiter.running,
    queue: () => limiter.waiting,
  })
  const results = createResults(config, log, metrics)
  const fetcher = createSourceFetcher({
    sources: await createSources(config.sources),
    storage: createStorage(config, log),
    maxBytes: () => current.limits.sourceBytes,
    onCache: (result) => metrics.cache('originals', result),
  })
  const pictures = createPictures({
    settings: () => current,
    authorisation: () => authorisation,
    fetcher,
    results,
    limiter,
    engineVersion: `${ENGINE_GENERATION}-${sharp.versions.sharp}`,
    onResultCache: (result) => metrics.cache('results', result),
  })
  return {
    express: createServer({ pictures, metrics, log, settings: () => current, isReady }),
    metrics,
    configure(next) {
      current = next
      authorisation = authorisationOf(next.security)
      limiter.setQueue(next.workers.queue)
    },
    async close() {
      await Promise.all([fetcher.close(), results.close()])
    },
  }
}

function createResults({ results }: Config, log: Logger, metrics: WorkerMetrics): ResultStorage {
  if (results.type === 'none') return createNoResultStorage()
  const { root, expires } = results
  return createFileResultStorage({
    root,
    expires,
    log,
    onPut: (outcome) => {
      // What a full disk or a full queue kept from being stored.
      if (outcome !== 'stored') metrics.cache('results', 'error')
    },
  })
}

function createStorage({ storage }: Config, log: Logger): SourceStorage {
  if (storage.type === 'none') return createNoSourceStorage()
  return createFileSourceStorage({ root: storage.root, expires: storage.expires, log })
}
