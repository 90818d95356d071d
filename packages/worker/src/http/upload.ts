import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { unquote } from '@imgsvc/core/url/percent'
import { sniff } from '../engine/sniff.ts'
import { uploadIdOf } from '../pipeline/upload-id.ts'
import type { Uploads } from '../pipeline/uploads.ts'
import type { Blob } from '../stores/store.ts'
import { formFile } from './multipart.ts'
import type { BodyReader } from './read-body.ts'
import { slugOf, uploadName } from './upload-name.ts'

export interface UploadRouteParts {
  readonly uploads: Uploads
  readonly bodies: BodyReader
  readonly settings: () => Pick<Config, 'upload' | 'balancer' | 'images'>
}

/** Answers a request of the upload API; false when the path is not one of its routes, or it is switched off. */
export type UploadRoute = (req: IncomingMessage, res: ServerResponse, signal: AbortSignal) => Promise<boolean>

const MEMBER = '/image/'

/**
 * thumbor's upload API (`thumbor/handlers/upload.py`, `image_resource.py`):
 *
 *   POST /image          multipart field `media`, or the picture as body   201 and Location
 *   GET /image/ID        also HEAD                                         200, 404
 *   PUT /image/ID        the picture as body                               204, 405 unless upload.allowPut
 *   DELETE /image/ID                                                       204, 404, 405 unless upload.allowDelete
 */
export function createUploadRoute(parts: UploadRouteParts): UploadRoute {
  return async (req, res, signal) => {
    const { upload } = parts.settings()
    const path = req.url?.split('?', 1)[0] ?? ''
    if (!upload.enabled) return false
    if (path === '/image') {
      if (req.method !== 'POST') throw notAllowed(res, ['POST'])
      await post(parts, req, res, signal)
      return true
    }
    if (!path.startsWith(MEMBER)) return false
    const methods = ['GET', 'HEAD', ...(upload.allowPut ? ['PUT'] : []), ...(upload.allowDelete ? ['DELETE'] : [])]
    if (!methods.includes(req.method ?? '')) throw notAllowed(res, methods)
    const id = uploadIdOf(unquote(path.slice(MEMBER.length)), upload.maxIdLength)
    if (req.method === 'PUT') await put(parts, req, res, id, signal)
    else if (req.method === 'DELETE') await remove(parts, res, id, signal)
    else await get(parts, req, res, id, signal)
    return true
  }
}

function notAllowed(res: ServerResponse, methods: readonly string[]): ImgsvcError {
  const list = methods.join(', ')
  res.setHeader('Allow', list)
  return new ImgsvcError('METHOD_NOT_ALLOWED', `expected ${list}`)
}

async function post(
  { uploads, bodies, settings }: UploadRouteParts,
  req: IncomingMessage,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { upload, balancer } = settings()
  const contentType = req.headers['content-type']
  const location = await bodies.with(req, { maxBytes: balancer.maxBody, signal }, async (body) => {
    // As in thumbor a form without the field counts as a body that is no picture.
    const file = contentType === undefined ? undefined : formFile(body, contentType, 'media')
    const { id, format } = await uploads.add({ bytes: file?.bytes ?? body, bodySize: body.length }, signal)
    const given = file ? file.filename : slugOf(req.headers.slug)
    return `/image/${id}/${uploadName({ given, contentType, format, fallback: upload.defaultFilename })}`
  })
  res.writeHead(201, { Location: location, 'Content-Length': 0 }).end()
}

async function put(
  { uploads, bodies, settings }: UploadRouteParts,
  req: IncomingMessage,
  res: ServerResponse,
  id: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { balancer, upload } = settings()
  if (id === undefined) {
    throw new ImgsvcError('URL_MALFORMED', `an id is up to ${upload.maxIdLength} of A-Z, a-z, 0-9, "-" and "_"`)
  }
  await bodies.with(req, { maxBytes: balancer.maxBody, signal }, (body) =>
    uploads.replace(id, { bytes: body, bodySize: body.length }, signal),
  )
  res.writeHead(204).end()
}

async function remove(
  { uploads }: UploadRouteParts,
  res: ServerResponse,
  id: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (id === undefined || !(await uploads.delete(id, signal))) throw unknown()
  res.writeHead(204).end()
}

async function get(
  { uploads, settings }: UploadRouteParts,
  req: IncomingMessage,
  res: ServerResponse,
  id: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const found = id === undefined ? undefined : await uploads.get(id, signal)
  if (!found) throw unknown()
  if (res.destroyed) return
  const maxAge = Math.floor(settings().images.maxAge / 1000)
  if (maxAge > 0) {
    res.setHeader('Cache-Control', `max-age=${maxAge},public`)
    res.setHeader('Expires', new Date(Date.now() + maxAge * 1000).toUTCString())
  }
  res.writeHead(200, { ...contentHeaders(found), 'Content-Length': found.bytes.length })
  res.end(req.method === 'HEAD' ? undefined : found.bytes)
}

/** Bytes of a stranger under our name: a browser must neither guess another type nor run what an SVG holds. */
function contentHeaders({ bytes, modifiedAt }: Blob): Record<string, string> {
  const format = sniff(bytes)
  return {
    'Content-Type': format ? `image/${format === 'svg' ? 'svg+xml' : format}` : 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ...(modifiedAt === undefined ? {} : { 'Last-Modified': new Date(modifiedAt).toUTCString() }),
  }
}

function unknown(): ImgsvcError {
  return new ImgsvcError('SOURCE_NOT_FOUND', 'there is no upload of this id')
}
