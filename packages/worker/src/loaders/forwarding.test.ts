import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { describe, expect, test } from 'vitest'
import { httpSource } from '../../test/http-source.ts'
import { createForwarding, forwarded } from './forwarding.ts'

const client = {
  host: 'images.example.com',
  connection: 'keep-alive',
  'user-agent': 'a browser',
  accept: 'image/webp',
  'accept-encoding': 'gzip',
  cookie: 'id=1',
  range: 'bytes=0-9',
  'if-none-match': '"x"',
  'x-forwarded-for': '10.0.0.1',
  'x-api-key': 'k',
  'set-cookie': ['a', 'b'],
}

describe('what is sent along', () => {
  test.each<[string, Partial<HttpSourceConfig>, Record<string, string>]>([
    ['nothing', {}, {}],
    ['the user agent', { forwardUserAgent: true }, { 'user-agent': 'a browser' }],
    ['those that are listed, in any case', { forwardHeaders: ['X-Api-Key', 'X-None'] }, { 'x-api-key': 'k' }],
    ['never those about the connection or the copy', { forwardHeaders: ['Host', 'Range', 'If-None-Match'] }, {}],
    [
      'all others',
      { forwardAllHeaders: true },
      { 'user-agent': 'a browser', accept: 'image/webp', cookie: 'id=1', 'x-api-key': 'k', 'set-cookie': 'a, b' },
    ],
    ['nothing that only objects have', { forwardHeaders: ['constructor', '__proto__'] }, {}],
  ])('%s', (_, more, headers) => {
    expect(forwarded(client, httpSource(more))).toEqual(headers)
  })
})

describe('whose the picture is', () => {
  test.each<[Partial<HttpSourceConfig>, boolean | undefined]>([
    [{}, undefined],
    [{ forwardUserAgent: true }, false],
    [{ forwardHeaders: ['User-Agent'] }, false],
    [{ forwardHeaders: ['X-Api-Key'] }, true],
    [{ forwardHeaders: ['X-None'] }, undefined],
    [{ forwardAllHeaders: true }, true],
  ])('with %j', (more, isPersonal) => {
    const clientOf = createForwarding([{ type: 'file', root: '/' }, httpSource(more)])
    expect(clientOf?.(client)?.isPersonal).toBe(isPersonal)
  })

  test('all headers without Cookie and Authorization are everybody’s', () => {
    const { cookie: _, ...others } = client
    expect(createForwarding([httpSource({ forwardAllHeaders: true })])?.(others)?.isPersonal).toBe(false)
  })

  test('a source gets what it is configured for, not what others are', () => {
    const configs = [httpSource({ forwardHeaders: ['Cookie'] }), httpSource({ forwardUserAgent: true })]
    const headers = createForwarding(configs)?.(client)?.headers ?? {}
    expect(headers).toEqual({ cookie: 'id=1', 'user-agent': 'a browser' })
    expect(configs.map((config) => forwarded(headers, config))).toEqual([
      { cookie: 'id=1' },
      { 'user-agent': 'a browser' },
    ])
  })
})
