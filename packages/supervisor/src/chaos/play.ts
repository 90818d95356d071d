import { sleep } from '@imgsvc/core/clock'
import { generalBar } from './bars.ts'
import type { Env } from './cli.ts'
import type { Windows } from './course.ts'
import { type Instance, startInstance } from './instance.ts'
import { startLoad } from './load.ts'
import type { Machine } from './machine.ts'
import { prepareMix } from './mix.ts'
import { type RowResult, resultOf, unplayed } from './result.ts'
import type { Row } from './row.ts'
import { createStage, type Stage } from './stage.ts'
import { startWatch } from './watch.ts'

export interface PlayOptions {
  readonly machine: Machine
  readonly env: Env
  readonly isQuick: boolean
  /** Requests per second. */
  readonly rate: number
  /** Time a request may take, ms; more is a loss. Default 5000. */
  readonly timeoutMs?: number
  readonly signal: AbortSignal
  /** Told of every instance, so that it can be ended whatever happens. */
  started(instance: Instance): void
}

// V8 is still compiling; losses count all the same, latencies do not.
const WARM_UP_MS = 1000
const WINDOWS: Windows = { before: 10_000, after: 20_000 }
const QUICK: Windows = { before: 2000, after: 4000 }

/**
 * Plays one row from a fresh instance to its end; the instance is gone afterwards, whatever happened. A row that breaks
 * is a failed row. Rejects only when the signal is aborted.
 */
export async function playRow(row: Row, options: PlayOptions): Promise<RowResult> {
  const { isQuick, machine, signal } = options
  const reason = row.impossible?.(machine)
  if (reason !== undefined) return unplayed(row, 'not possible here', reason)
  const startedAt = performance.now()
  const placement = typeof row.placement === 'function' ? row.placement(isQuick) : (row.placement ?? {})
  let instance: Instance | undefined
  let stage: Stage | undefined
  try {
    instance = await startInstance(placement, options)
    stage = await raise(instance, options)
    await row.run(stage)
    generalBar(stage)
    return resultOf(row, stage, (performance.now() - startedAt) / 1000)
  } catch (error) {
    signal.throwIfAborted()
    const note = error instanceof Error ? error.message : String(error)
    return unplayed(row, 'fail', `the row broke off: ${note}`, stage?.checks)
  } finally {
    await stage?.load.stop()
    await stage?.watch.stop()
    await instance?.stop()
  }
}

async function raise(instance: Instance, { isQuick, machine, rate, timeoutMs, signal }: PlayOptions): Promise<Stage> {
  const mix = await prepareMix(instance)
  const watch = startWatch(instance)
  const load = startLoad({ base: instance.base, rate, next: mix.next, ...(timeoutMs && { timeoutMs }) })
  await sleep(WARM_UP_MS, signal)
  return createStage({ instance, mix, load, watch, machine, isQuick, signal }, isQuick ? QUICK : WINDOWS)
}
