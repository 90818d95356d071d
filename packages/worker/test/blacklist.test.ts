import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { originalPath } from '../src/stores/keys.ts'
import { errorCode, type RunningApp, SAMPLES, startApp } from './app-fixture.ts'

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ upload: { enabled: true }, security: { useBlacklist: true, allowUnsafe: true } })
})
afterAll(() => app.stop())

describe('the blacklist', () => {
  test('refuses what it names, also as the picture of a filter', async () => {
    expect((await app.get('/blacklist?chelsea.png', { method: 'PUT' })).status).toBe(200)
    for (const path of ['/unsafe/30x20/chelsea.png', '/unsafe/30x20/filters:watermark(chelsea.png,0,0,0)/flower.jpg']) {
      const reply = await app.get(path)
      expect([reply.status, errorCode(reply)]).toEqual([400, 'SOURCE_REFUSED'])
    }
    expect((await app.get('/unsafe/30x20/flower.jpg')).status).toBe(200)
    const list = await app.get('/blacklist/')
    expect([list.headers['content-type'], list.body.toString()]).toEqual(['text/plain', 'chelsea.png\n'])
    const head = await app.get('/blacklist', { method: 'HEAD' })
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '12', 0])
  })

  test('refuses an upload by its id, whatever its name', async () => {
    const body = readFileSync(join(SAMPLES, 'flower.jpg'))
    const { headers } = await app.get('/image', { method: 'POST', body })
    const id = String(headers.location).split('/')[2]
    expect((await app.signed(`30x20/${id}/other.png`)).status).toBe(200)
    await app.get(`/blacklist?${id}`, { method: 'PUT' })
    expect((await app.signed(`30x20/${id}/other.png`)).status).toBe(400)
  })

  test('does not expire with the originals', async () => {
    utimesSync(join(app.dir, 'originals', originalPath('blacklist.txt')), new Date(0), new Date(0))
    expect((await app.get('/unsafe/30x20/chelsea.png')).status).toBe(400)
  })

  test('knows no other methods', async () => {
    const reply = await app.get('/blacklist', { method: 'POST' })
    expect([reply.status, reply.headers.allow]).toEqual([405, 'GET, HEAD, PUT'])
  })

  test('takes no empty and no endless entry', async () => {
    expect((await app.get('/blacklist', { method: 'PUT' })).status).toBe(400)
    expect((await app.get(`/blacklist?${'x'.repeat(9000)}`, { method: 'PUT' })).status).toBe(414)
  })
})
