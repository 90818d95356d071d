import { afterEach, describe, expect, test, vi } from 'vitest'
import { createDetectorThread, type DetectorThread } from './detector-thread.ts'
import type { Task } from './task.ts'

const STUB = new URL('../../test/fixtures/stub-detector-thread.mjs', import.meta.url)
const { signal } = new AbortController()
const open: DetectorThread[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((thread) => thread.close()))
})

/** A thread with settings that never get in the way, unless the test says so. */
function start(settings: Partial<{ timeout: number; idleTimeout: number; queue: number }> = {}, program = STUB) {
  const thread = createDetectorThread({
    program,
    settings: () => ({ timeout: 20_000, idleTimeout: 60_000, queue: 10, ...settings }),
  })
  open.push(thread)
  return thread
}

/** The stub answers with the number of its thread, or does as the cascade says. */
function task(cascade = ''): Task {
  return {
    search: { kind: 'objects', cascade, bothWays: false },
    image: { data: new Uint8Array(1), width: 1, height: 1 },
  }
}

async function threadOf(thread: DetectorThread): Promise<number | undefined> {
  const [found] = await thread.run(task(), signal)
  return found?.left
}

test('the thread starts with the first task and serves the next ones', async () => {
  const thread = start()
  expect(thread.isRunning).toBe(false)
  const first = await threadOf(thread)
  expect(first).toBeGreaterThan(0)
  expect(thread.isRunning).toBe(true)
  expect(await threadOf(thread)).toBe(first)
})

test.each([
  ['exit', 'the detector thread ended with 3'],
  ['throw', 'the detector thread failed'],
])('a thread that dies by %s fails its task, and the next task has a new thread', async (how, detail) => {
  const thread = start()
  const first = await threadOf(thread)
  await expect(thread.run(task(how), signal)).rejects.toMatchObject({ code: 'DETECTION_FAILED', detail })
  const second = await threadOf(thread)
  expect(second).toBeGreaterThan(first as number)
})

test('a task that takes too long is cut off although the thread is busy, and the next task has a new thread', async () => {
  const thread = start({ timeout: 300 })
  await expect(thread.run(task('hang'), signal)).rejects.toMatchObject({ code: 'DETECTION_TIMEOUT' })
  expect(thread.isRunning).toBe(false)
  // Its start is part of the time a task has, and may be slow on a busy machine.
  await vi.waitFor(async () => expect(await threadOf(thread)).toBeGreaterThan(0), { timeout: 15_000 })
})

test('a refusal is an error with its reason, and the thread goes on', async () => {
  const thread = start()
  const first = await threadOf(thread)
  await expect(thread.run(task('refuse'), signal)).rejects.toMatchObject({
    code: 'DETECTION_FAILED',
    detail: 'not this one',
  })
  expect(await threadOf(thread)).toBe(first)
})

test('a program that is not there fails the task', async () => {
  const thread = start({}, new URL('nothing-here.mjs', import.meta.url))
  await expect(thread.run(task(), signal)).rejects.toMatchObject({ code: 'DETECTION_FAILED' })
})

test('an idle thread is ended', async () => {
  const thread = start({ idleTimeout: 50 })
  await threadOf(thread)
  await vi.waitFor(() => expect(thread.isRunning).toBe(false), { timeout: 15_000 })
})

describe('the queue', () => {
  test('is bounded: who finds it full is told at once', async () => {
    const thread = start({ queue: 1 })
    const [first, second] = [threadOf(thread), threadOf(thread)]
    await expect(thread.run(task(), signal)).rejects.toMatchObject({ code: 'BUSY' })
    expect(await first).toBeGreaterThan(0)
    expect(await second).toBe(await first)
  })

  test('lets go who waited as long as a task may take', async () => {
    const settings = { timeout: 20_000 }
    const thread = start(settings)
    const running = thread.run(task('hang'), signal)
    const failed = expect(running).rejects.toMatchObject({ code: 'DETECTION_FAILED' })
    settings.timeout = 100
    await expect(thread.run(task(), signal)).rejects.toMatchObject({ code: 'BUSY' })
    await thread.close()
    await failed
  })

  test('who leaves is let go at once, whether waiting or running', async () => {
    const thread = start({ timeout: 1_000 })
    const leaving = new AbortController()
    const running = thread.run(task('hang'), leaving.signal)
    const waiting = thread.run(task(), leaving.signal)
    const gone = new Error('gone')
    leaving.abort(gone)
    await expect(running).rejects.toBe(gone)
    await expect(waiting).rejects.toBe(gone)
    await expect(thread.run(task(), leaving.signal)).rejects.toBe(gone)
  })
})

test('closing ends the thread and fails what is under way and what comes later', async () => {
  const thread = start()
  await threadOf(thread)
  const running = thread.run(task('hang'), signal)
  const failed = expect(running).rejects.toMatchObject({ code: 'DETECTION_FAILED' })
  await thread.close()
  await failed
  await expect(thread.run(task(), signal)).rejects.toMatchObject({ code: 'DETECTION_FAILED' })
})
