import type { ChildMethods } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { ProcessId } from '@imgsvc/core/process'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import type { ChildProgram } from './child.ts'
import type { Survivor } from './survivors.ts'

/** What is known of a process before it exists. */
export interface Unborn {
  readonly id: ProcessId
  readonly port: number
  readonly generation: number
}

/**
 * Has a balancer start another one that shares its listening socket; the new process is nobody's child and is adopted at
 * once. Throws what the call throws.
 */
export async function spawnThrough(
  sibling: RpcClient<ChildMethods>,
  { entry, args, env, stderrFile }: ChildProgram,
  unborn: Unborn,
  clock: Clock,
): Promise<Survivor> {
  const born = await sibling.call('spawnSibling', { entry, args, env, stderrFile })
  return { ...unborn, ...born, configHash: '', startedAt: clock.now(), answers: false, ready: false }
}
