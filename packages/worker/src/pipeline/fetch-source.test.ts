import { ImgsvcError } from '@imgsvc/core/errors'
import { expect, test } from 'vitest'
import type { Loaded, Sources } from '../loaders/choose.ts'
import type { SourceStorage } from '../stores/source-storage.ts'
import type { Blob, IoOptions } from '../stores/store.ts'
import { createSourceFetcher } from './fetch-source.ts'

/** Sources whose loads the test lets end one by one, and a storage in memory. */
function scene({ storable = true, keepsKeys = false }: { storable?: boolean; keepsKeys?: boolean } = {}) {
  const loads: { source: string; io: IoOptions; give(text: string): void; fail(error: Error): void }[] = []
  const stored = new Map<string, Blob>()
  const asked: string[] = []
  const counted: string[] = []
  const sources: Sources = {
    isStorable: () => storable,
    load: (source, io) =>
      new Promise<Loaded>((resolve, reject) => {
        io.signal.addEventListener('abort', () => reject(io.signal.reason))
        const give = (text: string) => resolve({ bytes: Buffer.from(text), modifiedAt: 5, storable })
        loads.push({ source, io, give, fail: reject })
      }),
    close: async () => undefined,
  }
  const storage: SourceStorage = {
    get: async (source) => {
      asked.push(source)
      return stored.get(source)
    },
    put: async (source, blob) => {
      if (stored.get(source)?.bytes.equals(blob.bytes)) throw new Error('put twice')
      stored.set(source, blob)
    },
    delete: async (source) => void stored.delete(source),
    close: async () => undefined,
  }
  const keys: [string, boolean][] = []
  const fetcher = createSourceFetcher({
    sources,
    storage,
    maxBytes: () => 99,
    onCache: (r) => counted.push(r),
    ...(keepsKeys && { keepKey: async (source, isStored) => void keys.push([source, isStored]) }),
  })
  const load = async (i: number) => {
    await expect.poll(() => loads.length).toBeGreaterThan(i)
    return loads[i] as (typeof loads)[number]
  }
  return { fetcher, loads, load, stored, asked, counted, keys }
}
const signal = new AbortController().signal

test('storage, then source; kept only when asked to, and found in the storage next time', async () => {
  const { fetcher, load, loads, stored, counted } = scene()
  const fetching = fetcher.fetch('s', signal)
  const first = await load(0)
  expect(first.io.maxBytes).toBe(99)
  first.give('bytes')
  const original = await fetching
  expect(original).toMatchObject({ from: 'source', modifiedAt: 5 })
  expect(stored.size).toBe(0)
  await original.keep?.()
  expect(stored.get('s')?.bytes.toString()).toBe('bytes')
  const again = await fetcher.fetch('s', signal)
  expect(again.from).toBe('storage')
  expect(again.bytes.toString()).toBe('bytes')
  expect(loads.length).toBe(1)
  expect(counted).toEqual(['miss', 'hit'])
})

test('a stored copy can be loaded anew: shared, past the storage, and what comes replaces it', async () => {
  const { fetcher, load, loads, stored, asked } = scene()
  stored.set('s', { bytes: Buffer.from('damaged'), modifiedAt: 1 })
  const original = await fetcher.fetch('s', signal)
  expect(original.keep).toBeUndefined()
  const both = [original.refetch?.(signal), original.refetch?.(signal)]
  ;(await load(0)).give('whole')
  const [again, joined] = await Promise.all(both)
  expect(again).toMatchObject({ from: 'source', bytes: Buffer.from('whole') })
  expect(loads.length).toBe(1)
  expect(asked).toEqual(['s'])
  await Promise.all([again?.keep?.(), joined?.keep?.()])
  expect(stored.get('s')?.bytes.toString()).toBe('whole')
})

test('a copy whose source is gone cannot be loaded anew, and stays', async () => {
  const { fetcher, load, stored } = scene()
  stored.set('s', { bytes: Buffer.from('damaged'), modifiedAt: 1 })
  const refetching = (await fetcher.fetch('s', signal)).refetch?.(signal)
  ;(await load(0)).fail(new ImgsvcError('SOURCE_NOT_FOUND'))
  await expect(refetching).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  expect(stored.size).toBe(1)
})

test('the key is kept with what was loaded, and with nothing that came from the storage', async () => {
  for (const storable of [true, false]) {
    const { fetcher, load, stored, keys } = scene({ storable, keepsKeys: true })
    const fetching = fetcher.fetch('s', signal)
    ;(await load(0)).give('bytes')
    const original = await fetching
    expect(keys).toEqual([])
    await Promise.all([original.keep?.(), original.keep?.()])
    expect(keys).toEqual([['s', storable]])
    expect(stored.size).toBe(storable ? 1 : 0)
    if (storable) expect((await fetcher.fetch('s', signal)).keep).toBeUndefined()
  }
})

test('requests at the same time share one load, and it is kept once', async () => {
  const { fetcher, load, loads, counted } = scene()
  const all = [1, 2, 3].map(() => fetcher.fetch('s', signal))
  ;(await load(0)).give('bytes')
  const originals = await Promise.all(all)
  await Promise.all(originals.map((original) => original.keep?.()))
  expect(originals.map(({ bytes }) => bytes.toString())).toEqual(['bytes', 'bytes', 'bytes'])
  expect(loads.length).toBe(1)
  expect(counted.filter((result) => result === 'coalesced').length).toBe(2)
})

test('one of two leaving does not disturb the other', async () => {
  const { fetcher, load } = scene()
  const leaving = new AbortController()
  const left = fetcher.fetch('s', leaving.signal)
  const stayed = fetcher.fetch('s', signal)
  const loading = await load(0)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  expect(loading.io.signal.aborted).toBe(false)
  loading.give('bytes')
  expect((await stayed).bytes.toString()).toBe('bytes')
})

test('the load is given up when the last one leaves, and who comes then starts a new one', async () => {
  const { fetcher, load, loads } = scene()
  const leaving = new AbortController()
  const both = [fetcher.fetch('s', leaving.signal), fetcher.fetch('s', leaving.signal)]
  const first = await load(0)
  leaving.abort(new Error('gone'))
  for (const one of both) await expect(one).rejects.toThrow('gone')
  const next = fetcher.fetch('s', signal)
  expect(first.io.signal.aborted).toBe(true)
  ;(await load(1)).give('new')
  expect((await next).bytes.toString()).toBe('new')
  expect(loads.length).toBe(2)
})

test('a failure reaches everyone and is not remembered', async () => {
  const { fetcher, load } = scene()
  const both = [fetcher.fetch('s', signal), fetcher.fetch('s', signal)]
  ;(await load(0)).fail(new ImgsvcError('SOURCE_FAILED'))
  for (const one of both) await expect(one).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  const again = fetcher.fetch('s', signal)
  ;(await load(1)).give('fine')
  expect((await again).bytes.toString()).toBe('fine')
})

test('originals of a file source are neither looked up in the storage nor kept', async () => {
  const { fetcher, load, asked } = scene({ storable: false })
  const fetching = fetcher.fetch('s', signal)
  ;(await load(0)).give('bytes')
  expect((await fetching).keep).toBeUndefined()
  expect(asked).toEqual([])
})

test('an aborted signal rejects at once and loads nothing; closing ends what is under way', async () => {
  const { fetcher, load, loads } = scene()
  const reason = new Error('gone')
  await expect(fetcher.fetch('s', AbortSignal.abort(reason))).rejects.toBe(reason)
  expect(loads.length).toBe(0)
  const fetching = fetcher.fetch('s', signal)
  const loading = await load(0)
  await fetcher.close()
  await expect(fetching).rejects.toMatchObject({ name: 'AbortError' })
  expect(loading.io.signal.aborted).toBe(true)
})
