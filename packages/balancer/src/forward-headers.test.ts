import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { forwardHeaders, requestIdOf } from './forward-headers.ts'

const received = (headers: IncomingHttpHeaders, remoteAddress = '::ffff:192.0.2.1') =>
  ({ headers, socket: { remoteAddress } }) as IncomingMessage
const forwarded = (headers: IncomingHttpHeaders, remoteAddress?: string) =>
  forwardHeaders(received(headers, remoteAddress), { requestId: 'id-1', host: undefined })

test('the peer is told in every usual way and Host is kept', () => {
  expect(forwarded({ host: 'img.example:8080', accept: 'image/webp' })).toEqual({
    host: 'img.example:8080',
    accept: 'image/webp',
    'x-request-id': 'id-1',
    'x-real-ip': '192.0.2.1',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'img.example:8080',
    forwarded: 'for=192.0.2.1;proto=http;host="img.example:8080"',
  })
})

test('what a proxy in front has said is kept and the peer appended; X-Real-IP is always the peer', () => {
  const headers = forwarded(
    {
      host: 'h',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public.example',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
    },
    '2001:db8::1',
  )
  expect(headers).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 2001:db8::1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'public.example',
    'x-real-ip': '2001:db8::1',
    forwarded: 'for=203.0.113.9, for="[2001:db8::1]";proto=https;host=h',
  })
})

test('hop-by-hop headers stop here, those that Connection names too, but not what frames the message', () => {
  const headers = forwarded({
    host: 'h',
    connection: 'close, X-Hop, Content-Length, X-Forwarded-For',
    'x-hop': '1',
    'x-forwarded-for': 'forged',
    'content-length': '3',
    te: 'trailers',
    trailer: 'x',
    upgrade: 'h2c',
    'keep-alive': 'timeout=5',
    'proxy-authorization': 'secret',
    expect: '100-continue',
  })
  expect(Object.keys(headers).sort()).toEqual([
    'content-length',
    'forwarded',
    'host',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-real-ip',
    'x-request-id',
  ])
  expect(headers['x-forwarded-for']).toBe('192.0.2.1')
})

test('a chunked body stays chunked, whatever the method', () => {
  expect(forwarded({ host: 'h', 'transfer-encoding': 'chunked' })['transfer-encoding']).toBe('chunked')
})

test('a host in absolute form wins, and is quoted where it must be', () => {
  const headers = forwardHeaders(received({ host: 'a' }), { requestId: 'i', host: 'b"x' })
  expect(headers).toMatchObject({ host: 'b"x', forwarded: 'for=192.0.2.1;proto=http;host="b\\"x"' })
})

test("a client's request id is taken only when it is harmless", () => {
  expect(requestIdOf({ 'x-request-id': 'abc-1.2_Z' })).toBe('abc-1.2_Z')
  for (const id of ['', 'a b', 'x'.repeat(129), 'a"b', '../x']) {
    expect(requestIdOf({ 'x-request-id': id })).toMatch(/^[0-9a-f-]{36}$/)
  }
})
