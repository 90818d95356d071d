import { availableParallelism } from 'node:os'
import { systemClock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import { storageMistakes } from '@imgsvc/core/config/storage-needs'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { rendersPerWorker } from '@imgsvc/core/worker-counts'
import type { Express } from 'express'
import sharp from 'sharp'
import { setUpSharp } from './engine/sharp-setup.ts'
import { createBlacklistRoute } from './http/blacklist.ts'
import { createBodyReader } from './http/read-body.ts'
import { createServer } from './http/server.ts'
import { createUploadRoute } from './http/upload.ts'
import { createSources } from './loaders/sources.ts'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'
import { createAdmission } from './pipeline/admit.ts'
import { authorisationOf } from './pipeline/authorise.ts'
import { createBlacklist } from './pipeline/blacklist.ts'
import { createSourceFetcher } from './pipeline/fetch-source.ts'
import { createLimiter } from './pipeline/limiter.ts'
import { createPictures } from './pipeline/picture.ts'
import type { ResultStorage } from './pipeline/types.ts'
import { createUploads, withUploads } from './pipeline/uploads.ts'
import { createBlacklistFile } from './stores/blacklist-file.ts'
import { createRecentFiles, type RecentFiles } from './stores/recent-files.ts'
import { createFileResultStorage, createNoResultStorage } from './stores/result-storage.ts'
import { createFileSourceStorage, createNoSourceStorage, type SourceStorage } from './stores/source-storage.ts'
import { createUploadStorage } from './stores/upload-storage.ts'

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
  const kept = createKept(config, () => current)
  const recent = createRecentFiles(config.cache.originals, systemClock.now)
  const sources = await createSources(config.sources, recent)
  const fetcher = createSourceFetcher({
    sources: kept ? withUploads(sources, kept.storage, () => current) : sources,
    storage: createStorage(config, log, recent),
    maxBytes: () => current.limits.sourceBytes,
    onCache: (result) => metrics.cache('originals', result),
  })
  const pictures = createPictures({
    settings: () => current,
    authorisation: () => authorisation,
    admit: kept?.admit,
    fetcher,
    results,
    limiter,
    engineVersion: `${ENGINE_GENERATION}-${sharp.versions.sharp}`,
    onResultCache: (result) => metrics.cache('results', result),
  })
  return {
    express: createServer({ pictures, metrics, log, settings: () => current, isReady, kept }),
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

/**
 * Uploads and the blacklist, which need a storage of originals; undefined without one. Throws CONFIG_INVALID when they
 * are switched on then.
 */
function createKept(config: Config, settings: () => Config) {
  const [mistake] = storageMistakes(config)
  if (mistake) throw new ImgsvcError('CONFIG_INVALID', `${mistake.path}: ${mistake.message}`)
  if (config.storage.type === 'none') return undefined
  const { root, expires } = config.storage
  const storage = createUploadStorage({ root, expires })
  const blacklist = createBlacklist(createBlacklistFile(root), () => settings().compat.blacklistSubstring)
  return {
    storage,
    admit: createAdmission({ settings, uploads: storage, blacklist }),
    upload: createUploadRoute({ uploads: createUploads({ storage, settings }), bodies: createBodyReader(), settings }),
    blacklist: createBlacklistRoute({ blacklist, settings }),
  }
}

function createStorage({ storage }: Config, log: Logger, recent: RecentFiles): SourceStorage {
  if (storage.type === 'none') return createNoSourceStorage()
  return createFileSourceStorage({ root: storage.root, expires: storage.expires, log, recent })
}
