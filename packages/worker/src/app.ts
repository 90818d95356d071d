import { availableParallelism } from 'node:os'
import { systemClock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import { storageMistakes } from '@imgsvc/core/config/storage-needs'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Explanation } from '@imgsvc/core/explanation'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { rendersPerWorker } from '@imgsvc/core/worker-counts'
import type { Express } from 'express'
import sharp from 'sharp'
import { createDetection } from './detection/detection.ts'
import { contentTypeOf } from './engine/content-type.ts'
import { setUpSharp } from './engine/sharp-setup.ts'
import { createBlacklistRoute } from './http/blacklist.ts'
import { statusOf } from './http/error-answer.ts'
import { createBodyReader } from './http/read-body.ts'
import { headHeaders } from './http/response.ts'
import { createServer } from './http/server.ts'
import { createUploadRoute } from './http/upload.ts'
import { createForwarding } from './loaders/forwarding.ts'
import { createSources } from './loaders/sources.ts'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'
import { createOptimizers } from './optimizers/optimizers.ts'
import { createVideos } from './optimizers/videos.ts'
import { createAdmission } from './pipeline/admit.ts'
import { authorisationOf } from './pipeline/authorise.ts'
import { createBlacklist } from './pipeline/blacklist.ts'
import { createExplain } from './pipeline/explain.ts'
import { createSourceFetcher } from './pipeline/fetch-source.ts'
import type { Received } from './pipeline/job.ts'
import { createKeyPerImage } from './pipeline/key-per-image.ts'
import { createLimiter } from './pipeline/limiter.ts'
import { createPictures } from './pipeline/picture.ts'
import { createUploads, withUploads } from './pipeline/uploads.ts'
import { NO_BLACKLIST } from './stores/blacklist-file.ts'
import { createOriginals, type Originals } from './stores/originals.ts'
import { createRecentFiles } from './stores/recent-files.ts'
import { createResults } from './stores/results.ts'

// Goes up when the same request gives other bytes than before; with sharp's version part of every ETag.
const ENGINE_GENERATION = 2

export interface AppOptions {
  /** Secrets resolved. */
  readonly config: Config
  readonly log: Logger
  readonly id: string
  readonly isReady: () => boolean
  readonly sample: () => ProcessSample
  /** Nothing it finds out is stored for others: for a program that lives for one question. */
  readonly isReadOnly?: boolean
  /** PATH, where external programs are looked for. */
  readonly searchPath?: string | undefined
  /** What the detector thread runs, where that is not the built program. */
  readonly detectorProgram?: URL
}

export interface App {
  readonly express: Express
  readonly metrics: WorkerMetrics
  /** The plan of one request, without a picture. Rejects only with the signal's reason and for faults of imgsvc. */
  explain(asked: Received, signal: AbortSignal): Promise<Explanation>
  /** Applies what may change while running; the rest waits for a restart. */
  configure(config: Config): void
  close(): Promise<void>
}

/** The composition root: the only place of the worker that names concrete sources, stores and engine. */
export async function createApp({
  config,
  log,
  id,
  isReady,
  sample,
  isReadOnly = false,
  searchPath = '/usr/local/bin:/usr/bin:/bin',
  detectorProgram,
}: AppOptions): Promise<App> {
  setUpSharp()
  let current = config
  let authorisation = authorisationOf(config.security)
  const limiter = createLimiter(rendersPerWorker(config, availableParallelism()), config.workers.queue)
  const metrics = createWorkerMetrics({
    id,
    sample,
    renders: () => limiter.running,
    queue: () => limiter.waiting,
    detectorThreads: () => Number(detection.isRunning),
  })
  const results = await createResults(config.results, {
    log,
    contentTypeOf,
    // What a full disk or a full queue kept from being stored.
    onPut: (outcome) => outcome !== 'stored' && metrics.cache('results', 'error'),
    onReadFailed: () => metrics.cache('results', 'error'),
  })
  const recent = createRecentFiles(config.cache.originals, systemClock.now)
  const originals = await createOriginals({
    storage: config.storage,
    uploads: config.upload.storage,
    autoWebp: config.images.autoWebp,
    recent,
    log,
    onError: () => metrics.cache('originals', 'error'),
    contentTypeOf,
  })
  const detection = createDetection({
    settings: () => current.detection,
    stored: isReadOnly ? { ...originals.detectors, put: async () => {} } : originals.detectors,
    log,
    onLookup: (result) => metrics.cache('detections', result),
    onOutcome: metrics.detected,
    program: detectorProgram,
  })
  const optimizers = createOptimizers({ config, searchPath, log, onOutcome: metrics.optimized })
  const videos = createVideos({ settings: () => current.tools, searchPath, onOutcome: metrics.optimized })
  const imageKeys = createKeyPerImage({ ...originals, settings: () => current })
  const kept = createKept(config, originals, () => current)
  const sources = await createSources(config.sources, recent)
  const fetcher = createSourceFetcher({
    sources: kept ? withUploads(sources, kept.storage, () => current) : sources,
    storage: originals.storage,
    maxBytes: () => current.limits.sourceBytes,
    onCache: (result) => metrics.cache('originals', result),
    keepKey: imageKeys.keep,
  })
  const pipeline = {
    settings: () => current,
    authorisation: () => authorisation,
    keyOf: imageKeys.keyOf,
    admit: kept?.admit,
    fetcher,
    results,
    limiter,
    finder: detection.finder,
    finishing: { optimizers, videos },
    engineVersion: `${ENGINE_GENERATION}-${sharp.versions.sharp}`,
  }
  const pictures = createPictures({ ...pipeline, onResultCache: (result) => metrics.cache('results', result) })
  const explain = createExplain({
    ...pipeline,
    statusOf: (error) => statusOf(error, current.compat.thumborStatus),
    headersOf: (head) => headHeaders(head, systemClock.now(), { responses: current.responses, isPersonal: false }),
  })
  return {
    express: createServer({
      pictures,
      metrics,
      log,
      settings: () => current,
      isReady,
      clientOf: createForwarding(config.sources),
      kept,
    }),
    metrics,
    explain,
    configure(next) {
      current = next
      authorisation = authorisationOf(next.security)
      limiter.setQueue(next.workers.queue)
      optimizers.configure(next)
    },
    async close() {
      await Promise.all([fetcher.close(), results.close(), detection.close()])
      await originals.close()
    },
  }
}

/**
 * Uploads and the blacklist, which need a storage; undefined without one. Throws CONFIG_INVALID when they are switched on
 * then.
 */
function createKept(config: Config, { uploads, blacklist: text }: Originals, settings: () => Config) {
  const [mistake] = storageMistakes(config)
  if (mistake) throw new ImgsvcError('CONFIG_INVALID', `${mistake.path}: ${mistake.message}`)
  if (!uploads) return undefined
  const storage = uploads
  const blacklist = createBlacklist(text ?? NO_BLACKLIST, () => settings().compat.blacklistSubstring)
  return {
    storage,
    admit: createAdmission({ settings, uploads: storage, blacklist }),
    upload: createUploadRoute({ uploads: createUploads({ storage, settings }), bodies: createBodyReader(), settings }),
    blacklist: createBlacklistRoute({ blacklist, settings }),
  }
}
