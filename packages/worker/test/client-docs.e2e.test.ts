import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { signedUrl } from '@imgsvc/core/url/signer'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

/*
 * The examples of docs/client.md, run as they stand there. They are written into node_modules, so that they find express
 * and the built client as in a project of their own.
 */

const DOCUMENT = new URL('../../../docs/client.md', import.meta.url)
const BASE = 'https://img.example.com'
const KEY = 'k€y'

let dir: string
let names: string[]
beforeAll(() => {
  dir = mkdtempSync(fileURLToPath(new URL('../node_modules/.client-docs-', import.meta.url)))
  const blocks = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^```js (\S+\.mjs)\n([\s\S]*?)^```$/gm)]
  for (const [, name, code] of blocks) writeFileSync(join(dir, name as string), code as string)
  names = blocks.map(([, name]) => name as string)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const load = (name: string) => import(pathToFileURL(join(dir, name)).href)
const signed = (path: string) => `${BASE}${signedUrl(path, KEY)}`

test('every example with a file name is run below', () => {
  expect(names).toEqual(['express.mjs', 'image-loader.mjs', 'route.mjs', 'srcset.mjs'])
})

test('Express', async () => {
  const { createApp } = await load('express.mjs')
  const server: Server = createApp({ base: BASE, key: KEY }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' })
    const reply = await get('/photos/thumbnail/r%C3%A9sum%C3%A9%2050%25.jpg')
    expect(reply.status).toBe(302)
    expect(reply.headers.get('location')).toBe(signed('150x150/smart/photos/r%C3%A9sum%C3%A9%2050%25.jpg'))
    expect((await get('/photos/huge/a.jpg')).status).toBe(404)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('Next: the loader names the route, and the route signs', async () => {
  const { default: imageLoader } = await load('image-loader.mjs')
  const { GET } = await load('route.mjs')
  vi.stubEnv('IMGSVC_BASE', BASE)
  vi.stubEnv('IMGSVC_KEY', KEY)
  try {
    const ask = (src: string, width: number) =>
      GET(new Request(new URL(imageLoader({ src, width, quality: 60 }), 'http://localhost:3000')))
    const reply = await ask('photos/cat.jpg', 640)
    expect(reply.status).toBe(307)
    expect(reply.headers.get('location')).toBe(signed('640x0/filters:quality(60)/photos/cat.jpg'))
    expect((await ask('photos/cat.jpg', 641)).status).toBe(404)
    expect((await ask('http://elsewhere/cat.jpg', 640)).status).toBe(404)
  } finally {
    vi.unstubAllEnvs()
  }
})

test('plain HTML', async () => {
  const { img } = await load('srcset.mjs')
  const html = await img({ base: BASE, key: KEY, source: 'a b.jpg', alt: 'A cat', widths: [300, 600] })
  const [small, large] = ['300x200', '600x400'].map((size) => signed(`${size}/smart/a%20b.jpg`))
  expect(html).toBe(
    `<img src="${small}" srcset="${small} 300w, ${large} 600w" sizes="100vw" width="300" height="200" alt="A cat">`,
  )
})
