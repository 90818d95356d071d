import { ImgsvcError } from '@imgsvc/core/errors'
import { expect, test } from 'vitest'
import type { Controller } from '../process/controller.ts'
import { explainUrl } from './explain.ts'

interface Fake {
  readonly id: string
  readonly state?: string
  readonly isLost?: boolean
  readonly inFlight?: number
}

const PARAMS = { url: '/unsafe/a.jpg' }

/** Controllers that answer with their own id. */
function controllers(...fakes: readonly Fake[]): readonly Controller[] {
  return fakes.map(({ id, state = 'running', isLost = false, inFlight = 0 }) => {
    const call = async (method: string, params: unknown, { timeoutMs }: { timeoutMs: number }) => ({
      ...{ id, method, params, timeoutMs },
    })
    return { id, state: () => state, isLost: () => isLost, info: () => ({ inFlight }), client: { call } }
  }) as unknown as readonly Controller[]
}

const explained = (...fakes: readonly Fake[]) =>
  explainUrl(controllers(...fakes), PARAMS, { deadlineMs: 1000, signal: new AbortController().signal })

test('the running worker with the least to do answers, within its deadline and a little', async () => {
  const answer = await explained(
    { id: 'balancer:0' },
    { id: 'worker:0', inFlight: 3 },
    { id: 'worker:1', inFlight: 1 },
    { id: 'worker:2', state: 'stopping' },
    { id: 'worker:3', isLost: true },
  )
  expect(answer).toEqual({ id: 'worker:1', method: 'explain', params: PARAMS, timeoutMs: 6000 })
})

test('without one it is NO_WORKER', async () => {
  for (const fakes of [[], [{ id: 'balancer:0' }], [{ id: 'worker:0', state: 'fatal' }]]) {
    await expect(explained(...fakes)).rejects.toThrow(ImgsvcError)
    await expect(explained(...fakes)).rejects.toMatchObject({ code: 'NO_WORKER' })
  }
})
