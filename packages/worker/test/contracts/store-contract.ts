import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../src/stores/store.ts'

export interface StoreUnderTest {
  readonly store: ObjectStore
  /** Takes down what `create` set up. */
  dispose(): Promise<void>
}

/** What every ObjectStore that can be written must do. */
export function storeContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest
    const signal = new AbortController().signal
    const blob = (text: string) => ({ bytes: Buffer.from(text), modifiedAt: undefined })

    beforeAll(async () => {
      under = await create()
    })
    afterAll(async () => {
      await under.store.close?.()
      await under.dispose()
    })

    test('a missing key is undefined, for get and stat, and deleting it is no error', async () => {
      expect(await under.store.get('none/such.jpg', { signal })).toBeUndefined()
      expect(await under.store.stat('none/such.jpg', { signal })).toBeUndefined()
      await under.store.delete?.('none/such.jpg', { signal })
    })

    test('what is put comes back byte for byte, with its size and a time near now', async () => {
      const bytes = randomBytes(300_000)
      const before = Date.now()
      await under.store.put?.('a/picture.bin', { bytes, modifiedAt: undefined }, { signal })
      const found = await under.store.get('a/picture.bin', { signal })
      expect(found?.bytes.equals(bytes)).toBe(true)
      // S3 tells whole seconds.
      expect(found?.modifiedAt).toBeGreaterThan(before - 2_000)
      expect(await under.store.stat('a/picture.bin', { signal })).toEqual({
        size: 300_000,
        modifiedAt: found?.modifiedAt,
      })
    })

    test('a second put replaces the first', async () => {
      await under.store.put?.('twice.txt', blob('first, and longer'), { signal })
      await under.store.put?.('twice.txt', blob('second'), { signal })
      expect((await under.store.get('twice.txt', { signal }))?.bytes.toString()).toBe('second')
    })

    test('a deleted key is missing', async () => {
      await under.store.put?.('gone.txt', blob('x'), { signal })
      await under.store.delete?.('gone.txt', { signal })
      expect(await under.store.get('gone.txt', { signal })).toBeUndefined()
    })

    test('no bytes at all are an object too', async () => {
      await under.store.put?.('empty.txt', blob(''), { signal })
      expect((await under.store.get('empty.txt', { signal }))?.bytes.length).toBe(0)
    })

    test.each(['with space.txt', 'ünï/例.txt', 'per%20cent.txt', 'a+b&c=d?e#f.txt', 'http%3A//host/p.jpg'])(
      'the key %j is kept as it is',
      async (key) => {
        await under.store.put?.(key, blob(`content of ${key}`), { signal })
        expect((await under.store.get(key, { signal }))?.bytes.toString()).toBe(`content of ${key}`)
      },
    )

    test('maxBytes stops a larger object with SOURCE_TOO_LARGE and lets one of exactly that size through', async () => {
      await under.store.put?.('ten.txt', blob('0123456789'), { signal })
      expect((await under.store.get('ten.txt', { signal, maxBytes: 10 }))?.bytes.length).toBe(10)
      await expect(under.store.get('ten.txt', { signal, maxBytes: 9 })).rejects.toMatchObject({
        code: 'SOURCE_TOO_LARGE',
      })
    })

    test('an aborted signal rejects with its reason', async () => {
      const reason = new Error('the client is gone')
      await expect(under.store.get('ten.txt', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })

    test('of many puts of one key at once one wins, and it is whole', async () => {
      const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(100_000, i))
      await Promise.all(
        bodies.map((bytes) => under.store.put?.('race.bin', { bytes, modifiedAt: undefined }, { signal })),
      )
      const found = await under.store.get('race.bin', { signal })
      expect(bodies.some((bytes) => found?.bytes.equals(bytes))).toBe(true)
    })

    test('media type and metadata do not change the bytes', async () => {
      const typed = { ...blob('typed'), contentType: 'image/png', metadata: { etag: '"x"' } }
      await under.store.put?.('typed.png', typed, { signal })
      expect((await under.store.get('typed.png', { signal }))?.bytes.toString()).toBe('typed')
    })

    // A store may refuse such a key, but neither answer with another one's bytes nor fail in another way.
    test.each([
      '../up.txt',
      'a/../../up.txt',
      '/etc/passwd',
      'nul\0byte',
      '',
      '/',
      '.',
      `${'long/'.repeat(400)}x`,
      'x'.repeat(5_000),
      '\ud83d\ude00/\u202e',
      'con\r\nX-Header: 1',
    ])('the hostile key %j is kept as it is or refused', async (key) => {
      const refused = await under.store.put?.(key, blob(`of ${key}`), { signal }).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (refused) expect(refused).toMatchObject({ code: 'STORE_FAILED' })
      const found = await under.store.get(key, { signal })
      expect(found?.bytes.toString()).toBe(refused ? undefined : `of ${key}`)
      expect((await under.store.stat(key, { signal }))?.size).toBe(found?.bytes.length)
      await under.store.delete?.(key, { signal })
      expect(await under.store.get(key, { signal })).toBeUndefined()
    })

    test('a hundred puts at once are all kept', async () => {
      const keys = Array.from({ length: 100 }, (_, i) => `many/${i}.txt`)
      await Promise.all(keys.map((key) => under.store.put?.(key, blob(key), { signal })))
      const found = await Promise.all(keys.map((key) => under.store.get(key, { signal })))
      expect(found.map((one) => one?.bytes.toString())).toEqual(keys)
    })
  })
}
