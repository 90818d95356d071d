import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { configSchema } from '@imgsvc/core/config/schema'
import { createApp } from '@imgsvc/worker/app'
import { expect, test } from 'vitest'

test('the built worker finds a face with the built detector thread', async () => {
  const root = fileURLToPath(new URL('../../supervisor/samples', import.meta.url))
  const ignore = () => {}
  const app = await createApp({
    config: configSchema.parse({
      security: { allowUnsafe: true },
      sources: [{ type: 'file', root }],
      storage: { type: 'none' },
      results: { type: 'none' },
      detection: { timeout: 60_000 },
    }),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore } as unknown as Parameters<
      typeof createApp
    >[0]['log'],
    id: 'worker:0',
    isReady: () => true,
    sample: () => ({ rssBytes: 1, cpuSeconds: 1, loopLagSeconds: 0, logDropped: 0 }),
  })
  const server = createServer(app.express).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/unsafe/meta/100x400/smart/astronaut.png`)
  expect(await answer.json()).toMatchObject({ thumbor: { focal_points: [{ origin: 'Face Detection' }] } })
  server.closeAllConnections()
  server.close()
  await app.close()
})
