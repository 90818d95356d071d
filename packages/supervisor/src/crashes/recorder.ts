import type { RequestInHand } from '@imgsvc/core/child-control'
import type { Crash } from '@imgsvc/core/crash'
import { takeHangStack } from '@imgsvc/core/hang-watch'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { Controller } from '../process/controller.ts'
import type { CrashStore } from './store.ts'

export interface RecorderOptions {
  readonly paths: StatePaths
  readonly store: CrashStore
  /** Those that know which requests a worker had. */
  balancers(): readonly Controller[]
}

/** Completes a crash with what others know about it and saves it. Never rejects. */
export type CrashRecorder = (crash: Crash) => Promise<void>

const ANSWER_MS = 500

export function createCrashRecorder({ paths, store, balancers }: RecorderOptions): CrashRecorder {
  async function ask(balancer: Controller, { process, generation }: Crash): Promise<readonly RequestInHand[]> {
    try {
      return await balancer.client.call('requestsOn', { id: process, generation }, { timeoutMs: ANSWER_MS })
    } catch {
      return [] // busy, or of an earlier version: the record is worth keeping without
    }
  }

  return async (crash) => {
    const running = balancers().filter((balancer) => balancer.state() === 'running' && balancer.id !== crash.process)
    const requests = (await Promise.all(running.map((balancer) => ask(balancer, crash)))).flat()
    const hang = takeHangStack(paths.hangStackOf(crash.process), crash.pid)
    // A block that it had got over long before is not why it ended.
    const isRecent = hang !== undefined && crash.at - hang.at < MAX_STACK_AGE_MS
    await store.add({ ...crash, requests, stack: isRecent ? hang.stack : crash.stack })
  }
}

const MAX_STACK_AGE_MS = 60_000
