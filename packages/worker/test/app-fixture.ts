import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configSchema } from '@imgsvc/core/config/schema'
import type { Explanation } from '@imgsvc/core/explanation'
import { createLog } from '@imgsvc/core/log'
import { signedUrl } from '@imgsvc/core/url/signer'
import type { z } from 'zod'
import { createApp } from '../src/app.ts'

export const SAMPLES = fileURLToPath(new URL('../../supervisor/samples/', import.meta.url))
const KEY = 'a key for tests'
const DETECTOR_PROGRAM = new URL('./fixtures/detector-thread.mjs', import.meta.url)

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RunningApp {
  readonly dir: string
  readonly origin: string
  /** Sends the path byte for byte. */
  get(
    path: string,
    options?: { headers?: Record<string, string>; method?: string; signal?: AbortSignal; body?: Buffer | string },
  ): Promise<Reply>
  /** The same, signed. */
  signed(path: string, options?: { headers?: Record<string, string>; method?: string }): Promise<Reply>
  sign(path: string): string
  /** The plan of a path as it is, without a picture. */
  explain(path: string, accept?: string): Promise<Explanation>
  metrics(): Promise<string>
  stop(): Promise<void>
}

/** A real worker application on a free port, with file sources, its stores in a directory of its own. */
export async function startApp(
  input: z.input<typeof configSchema> = {},
  {
    detectorProgram = DETECTOR_PROGRAM,
    searchPath = process.env.PATH,
  }: { readonly detectorProgram?: URL; readonly searchPath?: string | undefined } = {},
): Promise<RunningApp> {
  const dir = mkdtempSync(join(tmpdir(), 'imgsvc-app-'))
  const config = configSchema.parse({
    sources: [{ type: 'file', root: SAMPLES }],
    results: { type: 'file', root: join(dir, 'results') },
    storage: { type: 'file', root: join(dir, 'originals') },
    ...input,
    security: { key: KEY, ...input.security },
  })
  const log = createLog({ file: join(dir, 'worker.log'), level: 'debug', base: { id: 'worker:0', pid: process.pid } })
  const app = await createApp({
    config,
    log: log.log,
    id: 'worker:0',
    isReady: () => true,
    detectorProgram,
    searchPath,
    sample: () => ({ rssBytes: 1, cpuSeconds: 1, loopLagSeconds: 0, logDropped: 0 }),
  }).catch(async (error: unknown) => {
    await log.close()
    rmSync(dir, { recursive: true, force: true })
    throw error
  })
  const server = createServer(app.express).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const get: RunningApp['get'] = async (path, { headers = {}, method = 'GET', signal, body } = {}) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers, ...(signal && { signal }) }).end(body)
    const [res] = await once(req, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of res) chunks.push(chunk)
    return { status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) }
  }
  const sign = (path: string) => signedUrl(path, KEY)
  return {
    dir,
    origin: `http://127.0.0.1:${port}`,
    get,
    signed: (path, options) => get(sign(path), options),
    sign,
    explain: (path, accept) => app.explain({ rawUrl: path, accept }, new AbortController().signal),
    metrics: () => app.metrics.registry.metrics(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await app.close()
      await log.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Code of an error answer. */
export function errorCode({ body }: Reply): string {
  return JSON.parse(body.toString('utf8')).error.code
}
