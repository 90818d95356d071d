import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import { isHealthcheck } from '@imgsvc/core/healthcheck'
import type { Logger } from '@imgsvc/core/log'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import type { WorkerMetrics } from '../metrics.ts'
import type { createPictures } from '../pipeline/picture.ts'
import { createStages, type Stages } from '../pipeline/stages.ts'
import { checkUrlLength } from '../pipeline/url-length.ts'
import type { Client } from '../stores/store.ts'
import type { BlacklistRoute } from './blacklist.ts'
import { conditionsOf, isConditional, isNotModified } from './conditional.ts'
import { sendError, statusOf } from './error-answer.ts'
import { openContext, type RequestContext } from './request-context.ts'
import { sendAnswer } from './response.ts'
import type { UploadRoute } from './upload.ts'

export interface ServerParts {
  readonly pictures: ReturnType<typeof createPictures>
  readonly metrics: WorkerMetrics
  readonly log: Logger
  readonly settings: () => Pick<Config, 'workers' | 'balancer' | 'responses' | 'limits' | 'compat'>
  readonly isReady: () => boolean
  /** What sources tell their hosts of a client; absent: nothing. */
  readonly clientOf?: ((headers: IncomingHttpHeaders) => Client | undefined) | undefined
  /** What lives in the storage of originals; absent without one. */
  readonly kept?: { readonly upload: UploadRoute; readonly blacklist: BlacklistRoute } | undefined
}

interface Locals {
  context: RequestContext
  stages: Stages
}

/** Routes and middleware of a worker, in the order they run. */
export function createServer(parts: ServerParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(track(parts))
  app.use(health(parts))
  if (parts.kept) app.use(kept(parts.kept))
  app.use(methods)
  app.use(image(parts))
  app.use(failure(parts))
  return app
}

/** Opens the request, and when it closes counts it and writes its log line. */
function track({ metrics, log, settings }: ServerParts) {
  return (req: Request, res: Response<unknown, Partial<Locals>>, next: NextFunction): void => {
    const context = openContext(req, res, settings().workers.deadline)
    const stages = createStages(metrics.stage)
    res.locals.context = context
    res.locals.stages = stages
    res.setHeader('X-Request-Id', context.requestId)
    metrics.began()
    res.once('close', () => {
      const status = res.writableFinished ? res.statusCode : 499
      const ms = Math.round((performance.now() - context.startedAt) * 10) / 10
      metrics.ended(status, ms)
      const timings = Object.fromEntries(stages.entries().map(([stage, took]) => [stage, Math.round(took * 10) / 10]))
      const cache = res.getHeader('x-cache')
      log.info(
        { requestId: context.requestId, method: req.method, url: req.originalUrl, status, ms, cache, timings },
        'request',
      )
    })
    next()
  }
}

/** Probes of this one worker; the service as a whole is asked at the balancer. */
function health({ isReady, settings }: ServerParts) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const path = req.url.split('?', 1)[0] as string
    if (path !== '/readyz' && !isHealthcheck(path, settings().balancer.healthcheck)) {
      next()
      return
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') throw new ImgsvcError('METHOD_NOT_ALLOWED')
    if (path === '/readyz' && !isReady()) throw new ImgsvcError('NO_WORKER', 'this worker is draining')
    res.writeHead(200, { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': 7, 'Cache-Control': 'no-cache' })
    res.end(req.method === 'HEAD' ? undefined : 'WORKING')
  }
}

/** `/image` and `/blacklist`, which stand before the image route as in thumbor; switched off, they belong to it. */
function kept({ upload, blacklist }: NonNullable<ServerParts['kept']>) {
  return async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    const { context } = res.locals as Locals
    if ((await upload(req, res, context.signal)) || (await blacklist(req, res))) return
    next()
  }
}

function methods(req: Request, _res: Response, next: NextFunction): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new ImgsvcError('METHOD_NOT_ALLOWED')
  next()
}

/** The image route: everything that is nothing else. The URL is the one received, never normalised. */
function image({ pictures, settings, metrics, clientOf }: ServerParts) {
  return async (req: Request, res: Response): Promise<void> => {
    const { context, stages } = res.locals as Locals
    const { limits, responses } = settings()
    // Errors in the place of pictures have it too: a page may then see what was wrong.
    if (responses.allowOrigin !== '') res.setHeader('Access-Control-Allow-Origin', responses.allowOrigin)
    checkUrlLength(req.originalUrl, limits.urlLength)
    const conditions = conditionsOf(req.headers, responses)
    const client = clientOf?.(req.headers)
    const answer = await pictures.answer({
      rawUrl: req.originalUrl,
      accept: req.headers.accept,
      client,
      isFresh: isConditional(conditions) ? (validators) => isNotModified(conditions, validators) : undefined,
      signal: context.signal,
      stages,
    })
    if (res.destroyed) return
    metrics.answered(answer)
    sendAnswer(req, res, answer, { responses, isPersonal: client?.isPersonal ?? false, stages })
  }
}

/** Everything thrown ends here, once: the public text to the client, detail and cause to the log. */
function failure({ log, settings }: ServerParts) {
  // Express tells an error handler by its four parameters.
  return (thrown: unknown, req: Request, res: Response<unknown, Partial<Locals>>, _next: NextFunction): void => {
    const error = toImgsvcError(thrown)
    const requestId = res.locals.context?.requestId ?? ''
    const { thumborStatus } = settings().compat
    const facts = { requestId, code: error.code, url: req.originalUrl }
    if (statusOf(error, thumborStatus) >= 500) log.error({ ...facts, err: error, cause: error.cause }, 'request failed')
    else log.debug({ ...facts, detail: error.detail }, 'request refused')
    if (error.code === 'CLIENT_GONE') {
      res.destroy()
      return
    }
    sendError(req, res, error, { requestId, thumborStatus })
  }
}
