import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Loader } from '../../src/loaders/loader.ts'

export interface LoaderUnderTest {
  readonly loader: Loader
  /** A source that is there, its bytes, and one that is not. */
  readonly present: { readonly source: string; readonly bytes: Buffer }
  readonly missing: string
  dispose(): Promise<void>
}

/** What every Loader must do. */
export function loaderContract(name: string, create: () => Promise<LoaderUnderTest>): void {
  describe(`loader contract: ${name}`, () => {
    let under: LoaderUnderTest
    const signal = new AbortController().signal

    beforeAll(async () => {
      under = await create()
    })
    afterAll(async () => {
      await under.loader.close?.()
      await under.dispose()
    })

    test('it accepts and loads what is there', async () => {
      const { source, bytes } = under.present
      expect(under.loader.accepts(source)).toBe(true)
      expect((await under.loader.load(source, { signal })).bytes.equals(bytes)).toBe(true)
    })

    test('what is missing is SOURCE_NOT_FOUND', async () => {
      await expect(under.loader.load(under.missing, { signal })).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    })

    test('more than maxBytes is SOURCE_TOO_LARGE, exactly that many are fine', async () => {
      const { source, bytes } = under.present
      expect((await under.loader.load(source, { signal, maxBytes: bytes.length })).bytes.length).toBe(bytes.length)
      await expect(under.loader.load(source, { signal, maxBytes: bytes.length - 1 })).rejects.toMatchObject({
        code: 'SOURCE_TOO_LARGE',
      })
    })

    test('an aborted signal rejects with its reason', async () => {
      const reason = new Error('the client is gone')
      await expect(under.loader.load(under.present.source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}
