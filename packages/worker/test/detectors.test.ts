import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startApp } from './app-fixture.ts'
import { createFolder, origins, patient, points, searches, threads } from './detection-fixture.ts'
import { photo } from './faces.ts'
import { sample } from './images/pictures.ts'

const STUB = new URL('./fixtures/stub-detector-thread.mjs', import.meta.url)
const { root, sources, put, remove } = createFolder()

beforeAll(() => {
  for (const name of ['astronaut.png', 'coffee.png', 'rocket.jpg']) put(name, sample(name))
  put('giunchedi.jpg', photo('giunchedi.jpg'))
})
afterAll(remove)

/** A thread that does this with every task. */
function threadThat(onTask: string): URL {
  const program = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${onTask} })`
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`)
}

describe('what was found', () => {
  test('is used after a restart, from thumbor’s file beside the original', async () => {
    const storage = { type: 'file' as const, root: join(root, 'originals') }
    const first = await startApp({ sources, storage, detection: patient })
    const before = await points(first, '100x400/smart/astronaut.png')
    await first.stop()
    const second = await startApp({ sources, storage, detection: patient })
    expect(await points(second, '100x300/smart/astronaut.png')).toEqual(before)
    expect((await second.signed('100x300/smart/astronaut.png')).status).toBe(200)
    expect(await searches(second)).toEqual({})
    await second.stop()
  }, 60_000)
})

describe('detection.detectors', () => {
  test('empty: smart has no effect, as in thumbor without detectors', async () => {
    const app = await startApp({ sources, detection: { detectors: [] } })
    expect(origins(await points(app, '100x400/smart/astronaut.png'))).toEqual(['alignment'])
    expect(await threads(app)).toBe('0')
    await app.stop()
  })

  test('profiles, looking to either side, and eyes are found by their detectors', async () => {
    const app = await startApp({ sources, detection: { ...patient, detectors: ['profile', 'glasses'] } })
    put('left.png', await sharp(photo('mona-lisa.jpg')).png().toBuffer())
    put('right.png', await sharp(photo('mona-lisa.jpg')).flop().png().toBuffer())
    const [left, right] = [await points(app, '100x400/smart/left.png'), await points(app, '100x400/smart/right.png')]
    expect(origins(left)).toEqual(['detection'])
    expect(Math.abs((right[0]?.x ?? 0) - (500 - (left[0]?.x ?? 0)))).toBeLessThan(30)
    expect((await searches(app))['profile found']).toBe(2)

    const eyes = await points(app, '100x400/smart/giunchedi.jpg')
    expect(origins(eyes)).toEqual(['detection', 'detection'])
    expect((await searches(app))['glasses found']).toBe(1)
    await app.stop()
  }, 60_000)
})

describe('a detector that fails', () => {
  test.each([
    ['whose thread dies in the middle of it', 'process.exit(3)', 60_000, 'face failed'],
    ['whose thread throws', 'throw new Error("no luck")', 60_000, 'face failed'],
    ['that never comes to an end', 'for (;;);', 500, 'face timeout'],
  ])('%s leaves it to the next one, and the answer is temporary', async (_, onTask, timeout, outcome) => {
    const app = await startApp(
      { sources, detection: { detectors: ['face', 'attention'], timeout, temporaryMaxAge: '10m' } },
      { detectorProgram: threadThat(onTask) },
    )
    const [first, second] = [await app.signed('40x160/smart/rocket.jpg'), await app.signed('40x160/smart/rocket.jpg')]
    for (const { status, headers } of [first, second]) {
      expect([status, headers['cache-control'], headers['x-cache']]).toEqual([200, 'max-age=600,public', 'MISS'])
    }
    const found = await points(app, '40x160/smart/rocket.jpg')
    expect(origins(found)).toEqual(['Attention'])
    // One search for the three: a picture that kills detectors is left alone for a while.
    expect(await searches(app)).toEqual({ [outcome]: 1, 'attention found': 1 })
    await app.stop()
  })

  test('a temporary answer is never taken for the lasting one', async () => {
    const broken = join(root, 'broken.xml')
    writeFileSync(broken, '<opencv_storage>')
    const settings = { ...patient, faceCascade: broken, temporaryMaxAge: 0 }
    const app = await startApp({ sources, detection: settings })
    const path = '40x160/smart/astronaut.png'
    const { headers, status } = await app.signed(path)
    expect([status, headers['cache-control']]).toEqual([200, undefined])
    expect(await searches(app)).toMatchObject({ 'face failed': 1, 'feature found': 1 })
    const conditions = { 'If-None-Match': headers.etag as string }
    expect((await app.signed(path, { headers: conditions })).status).toBe(200)
    const since = { 'If-Modified-Since': headers['last-modified'] as string }
    expect((await app.signed(path, { headers: since })).status).toBe(200)
    await app.stop()
  }, 60_000)

  test.each(['/nowhere/at-all.xml', root])(
    'a cascade at %s does not fail the request',
    async (faceCascade) => {
      const app = await startApp({ sources, detection: { ...patient, faceCascade, detectors: ['face'] } })
      const { status, headers } = await app.signed('40x160/smart/astronaut.png')
      expect([status, headers['cache-control']]).toEqual([200, 'max-age=60,public'])
      await app.stop()
    },
    60_000,
  )

  test('an idle thread is ended and a new one started when there is work', async () => {
    const detection = { detectors: ['face' as const], idleTimeout: 50 }
    const app = await startApp({ sources, detection }, { detectorProgram: STUB })
    for (const file of ['rocket.jpg', 'coffee.png']) {
      expect((await app.signed(`40x160/smart/${file}`)).status).toBe(200)
      await vi.waitFor(async () => expect(await threads(app)).toBe('0'), { timeout: 15_000 })
    }
    expect(await searches(app)).toEqual({ 'face found': 2 })
    await app.stop()
  })
})
