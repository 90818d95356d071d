import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Crash } from '@imgsvc/core/crash'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCrashes } from '../../src/crashes/store.ts'
import { type Instance, startInstance } from './instance.ts'
import { until } from './until.ts'

// What counts is the time the worker had a processor: on a machine with more to do than it can, that takes longer.
const REPLACED_MS = 90_000

let instance: Instance
beforeAll(async () => {
  const preload = `NODE_OPTIONS=--import=${new URL('./block-loop.mjs', import.meta.url)}`
  const settings = ['workers.hangTimeout=3s', `workers.environment=[${JSON.stringify(preload)}]`]
  instance = await startInstance({ workers: 3, args: settings.flatMap((setting) => ['--set', setting]) })
})
afterAll(() => instance?.stop())

interface Answer {
  /** Undefined when it is a picture. */
  readonly problem: string | undefined
}

const workerOf = async (id: string) => {
  const found = (await instance.status()).find((one) => one.id === id)
  if (!found) throw new Error(`there is no ${id}`)
  return found
}

/** Asks for pictures nobody has made yet, eight at a time, until it is stopped. */
function startRenders() {
  const answers: Answer[] = []
  let isOver = false
  let width = 20 + Math.floor(Math.random() * 100)
  const client = async () => {
    while (!isOver && answers.length < 20_000) {
      const problem = await instance.get(`${++width % 900}x${100 + (width % 7)}/filters:blur(3)/chelsea.png`).then(
        async (response) => {
          const size = (await response.arrayBuffer()).byteLength
          return response.status === 200 && size > 0 ? undefined : `status ${response.status}, ${size} bytes`
        },
        (error: unknown) => String((error as Error).cause ?? error),
      )
      answers.push({ problem })
    }
  }
  const running = Promise.all(Array.from({ length: 8 }, client))
  return {
    count: () => answers.length,
    async stop(): Promise<readonly Answer[]> {
      isOver = true
      await running
      return answers
    },
  }
}

/** Hangs worker:0 in the midst of traffic; resolves to the answers and to the record of the crash. */
async function hang(how: NodeJS.Signals) {
  const { pid } = await workerOf('worker:0')
  const traffic = startRenders()
  await until('traffic flows', () => traffic.count() > 30)
  await until('the worker has something in hand', async () => ((await workerOf('worker:0')).inFlight ?? 0) > 0)
  process.kill(pid as number, how)
  const lost = await until('status tells', async () => {
    const { reason, state } = await workerOf('worker:0')
    return state === 'RUNNING' && reason !== null && reason
  })
  expect(lost).toMatch(/^has not answered for \d+\.\d s/)
  const before = traffic.count()
  await until('traffic goes on without it', () => traffic.count() > before + 30)
  await until(
    'it is replaced',
    async () => {
      const now = await workerOf('worker:0')
      return now.state === 'RUNNING' && now.pid !== pid && now.reason === null
    },
    REPLACED_MS,
  )
  const answers = await traffic.stop()
  const record = await until('the crash is recorded', async () =>
    (await readCrashes(join(instance.stateDir, 'crashes'))).find((crash) => crash.pid === pid),
  )
  return { answers, record }
}

/** Nothing was lost, and what the hanging worker had in hand did not wait for its end. */
function expectServed(answers: readonly Answer[], record: Crash): void {
  expect(answers.filter(({ problem }) => problem !== undefined)).toEqual([])
  const log = readFileSync(join(instance.stateDir, 'logs', 'balancer-0.log'), 'utf8')
  const moved = log.split('\n').filter((line) => line.includes('"withdrawn"'))
  for (const { requestId } of record.requests) {
    const line = moved.find((candidate) => candidate.includes(requestId))
    expect(JSON.parse(line ?? '{}'), requestId).toMatchObject({
      status: 200,
      tries: [{ worker: 'worker:0', outcome: 'withdrawn' }, { outcome: 'ok' }],
    })
  }
}

test('a stopped worker under load: requests in hand move on, it is replaced, the crash is recorded', async () => {
  const { answers, record } = await hang('SIGSTOP')
  expectServed(answers, record)
  expect(record).toMatchObject({ process: 'worker:0', reason: 'hang', signal: 'SIGKILL' })
  expect(record.requests.length).toBeGreaterThan(0)
  expect(record.requests[0]?.path).toContain('chelsea.png')
}, 180_000)

test('a worker whose event loop is blocked: the same, and the record says where', async () => {
  const { answers, record } = await hang('SIGUSR2')
  expectServed(answers, record)
  expect(record).toMatchObject({ process: 'worker:0', reason: 'hang', signal: 'SIGKILL' })
  expect(record.stack.join('\n')).toContain('decodeForAMinute')
}, 180_000)
