import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Blacklist } from '../pipeline/blacklist.ts'
import { checkUrlLength } from '../pipeline/url-length.ts'

export interface BlacklistRouteParts {
  readonly blacklist: Blacklist
  readonly settings: () => Pick<Config, 'security' | 'limits'>
}

/** Answers `/blacklist`; false when the path is another, or it is switched off. */
export type BlacklistRoute = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>

/** GET answers the list, `PUT /blacklist?<image>` adds the query as it stands (`thumbor/handlers/blacklist.py`). */
export function createBlacklistRoute({ blacklist, settings }: BlacklistRouteParts): BlacklistRoute {
  return async (req, res) => {
    const { security, limits } = settings()
    const url = req.url ?? ''
    const [path = ''] = url.split('?', 1)
    if (!security.useBlacklist || (path !== '/blacklist' && path !== '/blacklist/')) return false
    if (req.method === 'PUT') {
      checkUrlLength(url, limits.urlLength)
      const entry = url.slice(path.length + 1)
      if (entry === '') throw new ImgsvcError('URL_MALFORMED', 'expected /blacklist?<image>')
      await blacklist.add(entry)
      res.writeHead(200, { 'Content-Length': 0 }).end()
      return true
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD, PUT')
      throw new ImgsvcError('METHOD_NOT_ALLOWED', 'expected GET, HEAD, PUT')
    }
    const body = Buffer.from(await blacklist.text())
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length, 'Cache-Control': 'no-cache' })
    res.end(req.method === 'HEAD' ? undefined : body)
    return true
  }
}
