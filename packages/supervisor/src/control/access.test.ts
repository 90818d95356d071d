import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, test } from 'vitest'
import { checkAccess, isLoopback } from './access.ts'

const json = { 'content-type': 'application/json' }

function isAllowed(
  headers: IncomingHttpHeaders,
  over: { method?: string; address?: string; token?: string; host?: string } = {},
) {
  const { method = 'GET', address = '127.0.0.1', token = '', host = '127.0.0.1' } = over
  try {
    checkAccess({ method, headers, address }, { token, host })
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONTROL_FORBIDDEN', status: 403 })
    return false
  }
}

describe('without a token', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.5', false],
    ['::ffff:10.0.0.5', false],
    ['1.127.0.1', false],
  ])('a peer from %s: %s', (address, allowed) => {
    expect(isAllowed({ host: 'localhost:9001' }, { address })).toBe(allowed)
  })

  test.each([
    ['localhost:9001', true],
    ['LOCALHOST', true],
    ['127.0.0.1:9001', true],
    ['[::1]:9001', true],
    ['192.168.0.7:9001', true],
    ['admin.internal:9001', true],
    ['evil.example:9001', false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
  ])('Host %s (a rebound name is refused): %s', (host, allowed) => {
    expect(isAllowed({ host }, { host: 'admin.internal' })).toBe(allowed)
  })

  test('a request that came through a proxy is not local', () => {
    expect(isAllowed({ host: 'localhost', 'x-forwarded-for': '8.8.8.8' })).toBe(false)
    expect(isAllowed({ host: 'localhost', forwarded: 'for=8.8.8.8' })).toBe(false)
  })
})

describe('with a token', () => {
  const rules = { token: 'secret', address: '10.0.0.5' }
  test.each([
    ['Bearer secret', true],
    ['bearer  secret', true],
    ['Bearer secre', false],
    ['Bearer secrets', false],
    ['Bearer ', false],
    ['Basic secret', false],
    [undefined, false],
  ])('Authorization %j: %s', (authorization, allowed) => {
    expect(isAllowed({ host: 'any.example', ...(authorization !== undefined && { authorization }) }, rules)).toBe(
      allowed,
    )
  })

  test('loopback is no substitute for it', () => {
    expect(isAllowed({ host: 'localhost' }, { token: 'secret' })).toBe(false)
  })
})

describe('calls that change something', () => {
  const post = (headers: IncomingHttpHeaders) => isAllowed({ host: 'localhost:9001', ...headers }, { method: 'POST' })

  test('must be JSON, which a form cannot send', () => {
    expect(post(json)).toBe(true)
    expect(post({ 'content-type': 'application/json; charset=utf-8' })).toBe(true)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain;application/json']) {
      expect(post({ 'content-type': type })).toBe(false)
    }
    expect(post({})).toBe(false)
  })

  test('must come from this page when they come from one', () => {
    expect(post({ ...json, origin: 'http://localhost:9001' })).toBe(true)
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost:9002',
      'http://localhost:9001.evil.example',
    ]) {
      expect(post({ ...json, origin })).toBe(false)
    }
  })
})

test('addresses that only look like loopback', () => {
  expect(['128.0.0.1', '::', '::2', '', undefined].map(isLoopback)).toEqual(Array(5).fill(false))
})
