import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createInstance, type Instance } from '../../test/fixtures/instance.ts'
import { fixtureRoles } from '../../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

describe('the admin port', () => {
  test('lists processes and serves a page that loads nothing from elsewhere', async () => {
    await it.upAndReady()
    expect(JSON.parse((await it.ask('/v1/processes')).body)).toMatchObject([
      { id: 'balancer:0' },
      { id: 'worker:0', state: 'RUNNING' },
    ])
    const page = await it.ask('/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).toContain('v1/processes')
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(await it.ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
    expect(await it.ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  })

  test('adds the metrics of all processes up, keeping those of one apart', async () => {
    await it.upAndReady()
    const { body, headers } = await it.ask('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(body).toMatch(/^test_total 4$/m)
    expect(body).toMatch(/^test_rss\{process="worker:0"\} 5$/m)
    expect(body).toMatch(/^imgsvc_process_up\{process="worker:0"\} 1$/m)
    expect(body).toMatch(/^imgsvc_process_restarts_total\{process="worker:0"\} 0$/m)
    expect(body).toMatch(/^imgsvc_process_resident_memory_bytes\{process="supervisor"\} \d{7,}$/m)
  })

  test('a process that does not answer is left out of the metrics and counted', async () => {
    await it.upAndReady({ roles: fixtureRoles(['silent-metrics'], ['listen']) })
    const { status, body } = await it.ask('/metrics')
    expect(status).toBe(200)
    expect(body).toMatch(/^test_total 2$/m)
    expect(body).toMatch(/^imgsvc_scrape_misses_total\{process="worker:0"\} 1$/m)
  })

  test('changes nothing on GET, and calls the same methods on POST', async () => {
    await it.upAndReady()
    expect(await it.ask('/v1/process.restart?select=all')).toMatchObject({ status: 405 })
    expect((await it.ask('/no')).status).toBe(404)
    expect(
      (await it.ask('/v1/process.stop', { method: 'DELETE', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(405)
    const answer = await it.post('process.stop', { select: ['worker:0'] })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject([{ id: 'worker:0', state: 'STOPPED' }])
    const refused = await it.post('process.stop', { select: ['worker:0'] }, { origin: 'http://evil.example' })
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.body).error.code).toBe('CONTROL_FORBIDDEN')
  })

  test('wants the token when there is one', async () => {
    it.config.admin = { listen: `127.0.0.1:${it.ports.admin}`, token: 'env:TOKEN' }
    await it.upAndReady({ env: { TOKEN: 'sesame' } })
    expect((await it.ask('/v1/processes')).status).toBe(403)
    expect((await it.ask('/metrics')).status).toBe(403)
    expect((await it.ask('/v1/processes', { headers: { authorization: 'Bearer sesame' } })).status).toBe(200)
    expect((await it.ask('/healthz')).status).toBe(200)
  })

  test('refuses a name that an attacker let point here', async () => {
    await it.upAndReady()
    expect((await it.ask('/v1/processes', { headers: { host: 'evil.example' } })).status).toBe(403)
  })
})
