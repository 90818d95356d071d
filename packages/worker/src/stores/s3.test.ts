import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { loaderContract } from '../../test/contracts/loader-contract.ts'
import { storeContract } from '../../test/contracts/store-contract.ts'
import { type S3Server, startS3Server } from '../../test/s3-fixture.ts'
import { createStoreLoader } from '../loaders/from-store.ts'
import { createS3Store, type S3StoreOptions } from './s3.ts'
import type { ObjectStore } from './store.ts'

const signal = new AbortController().signal

const create = (endpoint: string, more: Partial<S3StoreOptions> = {}) =>
  createS3Store({
    bucket: 'photos',
    root: '',
    region: 'us-east-1',
    endpoint,
    pathStyle: true,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    timeout: 10_000,
    retries: 2,
    ...more,
  })

storeContract('s3', async () => {
  const server = await startS3Server('photos')
  return { store: await create(server.endpoint), dispose: server.stop }
})

loaderContract('s3', async () => {
  const server = await startS3Server('photos')
  const store = await create(server.endpoint, { root: 'below' })
  const bytes = Buffer.from('the bytes of a picture')
  await store.put?.('ç a.jpg', { bytes, modifiedAt: undefined }, { signal })
  return {
    loader: createStoreLoader(store),
    present: { source: '%C3%A7%20a.jpg', bytes },
    missing: 'b.jpg',
    dispose: server.stop,
  }
})

describe('against a server', () => {
  let server: S3Server
  const stores: ObjectStore[] = []
  const open = async (more: Partial<S3StoreOptions>) => {
    const store = await create(server.endpoint, more)
    stores.push(store)
    return store
  }
  beforeAll(async () => {
    server = await startS3Server('photos', 'archive')
  })
  afterAll(async () => {
    for (const store of stores) await store.close?.()
    await server.stop()
  })

  test('without a fixed bucket the first segment names it', async () => {
    const store = await open({ bucket: '' })
    for (const bucket of ['photos', 'archive']) {
      await store.put?.(`${bucket}/x.txt`, { bytes: Buffer.from(bucket), modifiedAt: undefined }, { signal })
    }
    const fixed = await open({ bucket: 'archive' })
    expect((await fixed.get('x.txt', { signal }))?.bytes.toString()).toBe('archive')
    expect((await store.get('photos/x.txt', { signal }))?.bytes.toString()).toBe('photos')
  })

  test('with allowedBuckets no other bucket is looked into, not even a fixed one', async () => {
    const store = await open({ bucket: '', allowedBuckets: ['archive'] })
    await (await open({ bucket: '' })).put?.(
      'photos/y.txt',
      { bytes: Buffer.from('y'), modifiedAt: undefined },
      { signal },
    )
    expect(await store.get('photos/y.txt', { signal })).toBeUndefined()
    expect(await store.stat('photos/y.txt', { signal })).toBeUndefined()
    expect(await (await open({ allowedBuckets: ['archive'] })).get('y.txt', { signal })).toBeUndefined()
    await store.put?.('archive/y.txt', { bytes: Buffer.from('y'), modifiedAt: undefined }, { signal })
    expect((await store.get('archive/y.txt', { signal }))?.bytes.toString()).toBe('y')
  })

  test('media type and metadata are kept with the object; a storage class and encryption are asked for', async () => {
    const store = await open({ storageClass: 'REDUCED_REDUNDANCY', encryption: 'AES256' })
    const blob = {
      bytes: Buffer.from('x'),
      modifiedAt: undefined,
      contentType: 'image/webp',
      metadata: { vary: 'Accept' },
    }
    await store.put?.('typed.webp', blob, { signal })
    const { headers } = await server.head('photos/typed.webp')
    expect(headers).toMatchObject({ 'content-type': 'image/webp', 'x-amz-meta-vary': 'Accept' })
    expect(server.puts('/photos/typed.webp')).toEqual([
      expect.objectContaining({
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-server-side-encryption': 'AES256',
      }),
    ])
  })

  test('what is not asked for is not sent: servers that know no classes refuse the header', async () => {
    const store = await open({ storageClass: 'STANDARD', encryption: 'none' })
    await store.put?.('plain.txt', { bytes: Buffer.from('x'), modifiedAt: undefined }, { signal })
    const [headers] = server.puts('/photos/plain.txt')
    expect(Object.keys(headers ?? {}).filter((name) => /storage-class|encryption|amz-meta/.test(name))).toEqual([])
  })

  test('a bucket that does not exist is missing', async () => {
    expect(await (await open({ bucket: '' })).get('no-such-bucket/x.txt', { signal })).toBeUndefined()
  })

  test('a wrong secret is refused by the server and is a failure, not a missing object', async () => {
    const store = await open({ secretAccessKey: 'wrong' })
    await expect(store.get('x.txt', { signal })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      detail: expect.stringContaining('SignatureDoesNotMatch'),
    })
    await expect(createStoreLoader(store).load('x.txt', { signal })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      status: 502,
    })
  })

  test('an unknown key id is a failure, too', async () => {
    await expect((await open({ accessKeyId: 'NOBODY' })).get('x.txt', { signal })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    })
  })
})

describe('against a server that misbehaves', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  async function misbehaving(listener: RequestListener, more: Partial<S3StoreOptions> = {}) {
    const server = createServer(listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const store = await create(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, more)
    closers.push(async () => {
      await store.close?.()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return createStoreLoader(store)
  }

  const answer = (response: ServerResponse, status: number, code: string) =>
    void response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`)

  test.each([
    [403, 'AccessDenied', 'SOURCE_NOT_FOUND', 1],
    [404, 'NoSuchKey', 'SOURCE_NOT_FOUND', 1],
    [400, 'ExpiredToken', 'SOURCE_FAILED', 1],
    [403, 'InvalidAccessKeyId', 'SOURCE_FAILED', 1],
    [503, 'SlowDown', 'SOURCE_BUSY', 3],
    [500, 'InternalError', 'SOURCE_FAILED', 3],
  ])('%i %s is %s after %i tries', async (status, code, expected, tries) => {
    let hits = 0
    const loader = await misbehaving((_, response) => {
      hits++
      answer(response, status, code)
    })
    await expect(loader.load('x.jpg', { signal })).rejects.toMatchObject({ code: expected })
    expect(hits).toBe(tries)
  })

  test('retries: 0 tries once', async () => {
    let hits = 0
    const loader = await misbehaving(
      (_, response) => {
        hits++
        answer(response, 503, 'SlowDown')
      },
      { retries: 0 },
    )
    await expect(loader.load('x.jpg', { signal })).rejects.toMatchObject({ code: 'SOURCE_BUSY' })
    expect(hits).toBe(1)
  })

  test('a slow-down that passes is not noticed', async () => {
    let hits = 0
    const loader = await misbehaving((_, response) => {
      if (++hits === 1) answer(response, 503, 'SlowDown')
      else response.end('picture')
    })
    expect((await loader.load('x.jpg', { signal })).bytes.toString()).toBe('picture')
  })

  test('a reset in the middle of the body is SOURCE_FAILED', async () => {
    const loader = await misbehaving((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('a part')
      setImmediate(() => response.destroy())
    })
    await expect(loader.load('x.jpg', { signal })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('no answer, and a body that drips, are SOURCE_TIMEOUT', async () => {
    const silent = await misbehaving(() => undefined, { timeout: 300 })
    await expect(silent.load('x.jpg', { signal })).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' })
    const dripping = await misbehaving(
      (_, response) => {
        const timer = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(timer))
      },
      { timeout: 300 },
    )
    await expect(dripping.load('x.jpg', { signal })).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' })
  })

  test('an endless body stops at maxBytes', async () => {
    const loader = await misbehaving((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      }
      response.on('drain', more)
      more()
    })
    await expect(loader.load('x.jpg', { signal, maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'SOURCE_TOO_LARGE',
    })
  })

  test('an abort in the middle of the body rejects with its reason', async () => {
    const leaving = new AbortController()
    const loader = await misbehaving((_, response) => {
      response.write('first')
      setImmediate(() => leaving.abort(new Error('the client is gone')))
    })
    await expect(loader.load('x.jpg', { signal: leaving.signal })).rejects.toThrow('the client is gone')
  })
})

test('half a static key is CONFIG_INVALID', async () => {
  await expect(create('http://127.0.0.1:1', { secretAccessKey: '' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('nobody listening is a failure', async () => {
  const store = await create('http://127.0.0.1:1')
  await expect(store.get('x', { signal })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await store.close?.()
})
