import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBodyReader } from './read-body.ts'

const signal = new AbortController().signal
let received: (req: IncomingMessage) => void
const server = createServer((req, res) => {
  req.once('close', () => res.end())
  received(req)
})
let port: number

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A request that stays open, at the server's end and at the client's. */
async function open() {
  const arrived = new Promise<IncomingMessage>((resolve) => {
    received = resolve
  })
  const client = request({ host: '127.0.0.1', port, method: 'POST' })
  client.on('error', () => undefined)
  client.flushHeaders()
  return { req: await arrived, client }
}

const code = (code: string) => expect.objectContaining({ code })

test('a body is read whole', async () => {
  const { req, client } = await open()
  client.write('one ')
  client.end('two')
  const text = await createBodyReader().with(req, { maxBytes: 7, signal }, async (body) => body.toString())
  expect(text).toBe('one two')
})

test('reading stops at the limit', async () => {
  const { req, client } = await open()
  client.end('12345678')
  const reading = createBodyReader().with(req, { maxBytes: 7, signal }, async () => 'whole')
  await expect(reading).rejects.toEqual(code('BODY_TOO_LARGE'))
})

test('bodies share a bound, and free it when they are done with', async () => {
  const reader = createBodyReader(10)
  const first = await open()
  let finish: (() => void) | undefined
  await new Promise<void>((read) => {
    first.client.end('123456')
    void reader.with(first.req, { maxBytes: 10, signal }, () => {
      read()
      return new Promise<void>((done) => {
        finish = done
      })
    })
  })
  const second = await open()
  second.client.end('123456')
  await expect(reader.with(second.req, { maxBytes: 10, signal }, async () => 'whole')).rejects.toEqual(code('BUSY'))
  finish?.()
  const third = await open()
  third.client.end('123456')
  expect(await reader.with(third.req, { maxBytes: 10, signal }, async (body) => body.length)).toBe(6)
})

test('a client that leaves and a signal that fires end the reading', async () => {
  const left = await open()
  const leaving = createBodyReader().with(left.req, { maxBytes: 10, signal }, async () => 'whole')
  left.client.write('1')
  left.client.destroy()
  await expect(leaving).rejects.toEqual(code('CLIENT_GONE'))

  const slow = await open()
  const controller = new AbortController()
  const waiting = createBodyReader().with(slow.req, { maxBytes: 10, signal: controller.signal }, async () => 'whole')
  controller.abort(new Error('time is up'))
  await expect(waiting).rejects.toThrow('time is up')
  slow.client.destroy()
})
