import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates, read } from '../../test/certificates.ts'
import { httpSource } from '../../test/http-source.ts'
import { createHttpLoader } from './http.ts'

const dir = mkdtempSync(join(tmpdir(), 'tls-'))
const { signal } = new AbortController()
let certificates: Certificates
const closing: (() => unknown)[] = []
beforeAll(() => {
  certificates = makeCertificates(dir)
})
afterAll(async () => {
  for (const close of closing) await close()
  rmSync(dir, { recursive: true })
})

/** An https server of the test's authority that answers the name of the client's certificate. */
async function startServer(requestCert = false): Promise<string> {
  const { ca, server: pair } = certificates
  const options = { ...read(pair), ca: read(ca).cert, requestCert, rejectUnauthorized: requestCert }
  const server = createServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(`shown: ${subject?.CN ?? 'nothing'}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function load(source: string, more: Partial<HttpSourceConfig> = {}): Promise<string> {
  const loader = createHttpLoader(httpSource(more))
  try {
    return (await loader.load(source, { signal })).bytes.toString()
  } finally {
    await loader.close?.()
  }
}

describe('an https host', () => {
  test('of an unknown authority is SOURCE_FAILED, unless the authority is trusted or nothing is checked', async () => {
    const url = `https://${await startServer()}/a.jpg`
    await expect(load(url)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(await load(url, { caCerts: certificates.ca.cert })).toBe('shown: nothing')
    expect(await load(url, { validateCerts: false })).toBe('shown: nothing')
  })

  test('that asks for a certificate is shown the client’s', async () => {
    const url = `https://${await startServer(true)}/a.jpg`
    const caCerts = certificates.ca.cert
    await expect(load(url, { caCerts })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    const { cert: clientCert, key: clientKey } = certificates.client
    expect(await load(url, { caCerts, clientCert, clientKey })).toBe('shown: client')
  })

  test('is meant by an address without a scheme when `scheme` says so', async () => {
    const host = await startServer()
    const caCerts = certificates.ca.cert
    expect(await load(`${host}/a.jpg`, { caCerts, scheme: 'https' })).toBe('shown: nothing')
    expect(await load(`${host}/a.jpg`, { caCerts, scheme: 'https-only' })).toBe('shown: nothing')
    await expect(load(`${host}/a.jpg`, { caCerts })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

test('https-only refuses http before anything is sent', async () => {
  await expect(load('http://127.0.0.1:1/a.jpg', { scheme: 'https-only' })).rejects.toMatchObject({
    code: 'SOURCE_REFUSED',
    detail: '127.0.0.1: only https is fetched (sources: scheme)',
  })
})

describe('files that are no certificates are mistakes of the configuration', () => {
  const fail = (more: Partial<HttpSourceConfig>, sentence: string) =>
    expect(() => createHttpLoader(httpSource(more))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', detail: expect.stringContaining(sentence) }),
    )

  test('missing, empty, or something else', () => {
    fail({ caCerts: join(dir, 'none.pem') }, 'sources: caCerts: expected a file in PEM: ENOENT')
    const text = join(dir, 'text.pem')
    writeFileSync(text, 'hello')
    fail({ caCerts: text }, 'sources: caCerts: expected a file in PEM: there is no certificate in it')
    const broken = join(dir, 'broken.pem')
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    fail({ caCerts: broken }, 'sources: caCerts: expected a file in PEM')
  })

  test('half a pair, or a key of another certificate', () => {
    fail({ clientCert: certificates.client.cert }, 'clientCert and clientKey: expected both or none')
    fail({ clientCert: certificates.client.cert, clientKey: certificates.server.key }, 'sources: clientKey')
  })
})
