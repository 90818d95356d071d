import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { storeContract } from '../../test/contracts/store-contract.ts'
import { createFileStore } from './file.ts'
import { originalPath } from './keys.ts'

const signal = new AbortController().signal
const fileStore = (root: string) => createFileStore({ root, pathOf: originalPath, now: Date.now })

storeContract('file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'is-'))
  return { store: fileStore(root), dispose: () => rm(root, { recursive: true }) }
})

describe('file store', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'is-'))
  })
  afterEach(() => rm(root, { recursive: true }))

  test('the root and its directories are made when first written to, readable by the owner alone', async () => {
    const store = fileStore(join(root, 'deep/er'))
    await store.put?.('k', { bytes: Buffer.from('x'), modifiedAt: undefined }, { signal })
    const file = await stat(join(root, 'deep/er', originalPath('k')))
    expect(file.mode & 0o777).toBe(0o600)
    expect((await stat(join(root, 'deep/er'))).mode & 0o777).toBe(0o700)
  })

  test('a directory where a file should be counts as missing', async () => {
    await mkdir(join(root, originalPath('k')), { recursive: true })
    expect(await fileStore(root).get('k', { signal })).toBeUndefined()
    expect(await fileStore(root).stat('k', { signal })).toBeUndefined()
  })

  test('a root that is a file fails with STORE_FAILED and leaves nothing behind', async () => {
    const file = join(root, 'plain')
    await writeFile(file, '')
    const put = fileStore(file).put?.('k', { bytes: Buffer.from('x'), modifiedAt: undefined }, { signal })
    await expect(put).rejects.toMatchObject({ code: 'STORE_FAILED', detail: expect.stringContaining('ENOTDIR') })
    expect(await readdir(root)).toEqual(['plain'])
  })

  test('a put that cannot replace its target removes its temporary file', async () => {
    await mkdir(join(root, originalPath('k'), 'occupied'), { recursive: true })
    const put = fileStore(root).put?.('k', { bytes: Buffer.from('x'), modifiedAt: undefined }, { signal })
    await expect(put).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await readdir(join(root, '.incoming'))).toEqual([])
  })

  test('what a killed process left half written is removed once it is old, and not before', async () => {
    const incoming = join(root, '.incoming')
    await mkdir(incoming)
    await writeFile(join(incoming, 'old'), 'half')
    await writeFile(join(incoming, 'young'), 'half')
    const longAgo = new Date(Date.now() - 2 * 3_600_000)
    await utimes(join(incoming, 'old'), longAgo, longAgo)
    await fileStore(root).put?.('k', { bytes: Buffer.from('x'), modifiedAt: undefined }, { signal })
    await access(join(incoming, 'young'))
    await expect(access(join(incoming, 'old'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('kill -9 amid writes leaves whole files or none', async () => {
    const fixture = fileURLToPath(new URL('../../test/fixtures/write-until-killed.mjs', import.meta.url))
    for (const written of [1, 40, 700]) {
      const target = join(root, String(written))
      const child = spawn(process.execPath, [fixture, target], { stdio: ['ignore', 'pipe', 'inherit'] })
      let lines = 0
      for await (const chunk of child.stdout) {
        lines += String(chunk).split('\n').length - 1
        if (lines >= written) child.kill('SIGKILL')
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      expect(child.signalCode).toBe('SIGKILL')
      let whole = 0
      for (let i = 0; i < 500; i++) {
        const found = await fileStore(target).get(`key-${i}`, { signal })
        if (!found) continue
        whole++
        expect(found.bytes.equals(Buffer.alloc(200_000, found.bytes[0]))).toBe(true)
      }
      expect(whole).toBeGreaterThanOrEqual(Math.min(written, 500))
    }
  })
})
