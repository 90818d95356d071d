import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@imgsvc/core/config/schema'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { inspect, selfTest } from './self-test.ts'

const sourcesAt = (root: string) => configSchema.parse({ sources: [{ type: 'file', root }] })

test('a worker that works passes', async () => {
  const { ms } = await selfTest(sourcesAt(tmpdir()))
  expect(ms).toBeGreaterThanOrEqual(0)
})

test('a root that does not exist any more is named with its setting', async () => {
  const root = mkdtempSync(join(tmpdir(), 'st-'))
  rmSync(root, { recursive: true })
  await expect(selfTest(sourcesAt(root))).rejects.toMatchObject({
    code: 'SELF_TEST_FAILED',
    detail: expect.stringMatching(/^sources\.0\.root: ENOENT/),
  })
})

const flat = (width: number, height: number, colour: string) =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .jpeg()
    .toBuffer()

test('a picture of another size, of other pixels, and none at all fail', async () => {
  const failure = (detail: RegExp) => ({ code: 'SELF_TEST_FAILED', detail: expect.stringMatching(detail) })
  await expect(inspect(await flat(32, 25, 'red'))).rejects.toMatchObject(failure(/^expected a picture of 32x24/))
  await expect(inspect(await flat(32, 24, 'gray'))).rejects.toMatchObject(failure(/^expected about rgb\(251,91,91\)/))
  await expect(inspect(Buffer.from('no picture'))).rejects.toMatchObject(failure(/cannot be decoded/))
})
