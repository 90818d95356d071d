import type { ChildMethods, UpstreamEntry } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { Crash } from '@imgsvc/core/crash'
import type { StateEvent } from '@imgsvc/core/events'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessId, ProcState } from '@imgsvc/core/process'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { ChildProgram, SpawnChild } from './child.ts'
import type { Life } from './life.ts'
import type { ProcessPolicy } from './roles.ts'
import type { Survivor } from './survivors.ts'

export interface ControllerOptions {
  readonly id: ProcessId
  readonly port: number
  /** It is asked to become idle before SIGTERM. */
  readonly drains: boolean
  readonly paths: StatePaths
  readonly clock: Clock
  readonly log: Logger
  readonly spawn: SpawnChild
  /** As configured at this moment. */
  policy(): ProcessPolicy
  program(id: ProcessId, port: number, generation: number): ChildProgram
  /** State, pid or draining changed. */
  changed(controller: Controller): void
  /** It is the additional worker of a rolling restart. */
  readonly isSurge?: boolean
  /** One that must start this process, because only it has the socket for it; undefined: it is forked. */
  sibling?(): RpcClient<ChildMethods> | undefined
  /** It must prove itself before it may serve. */
  isHeld?(controller: Controller): boolean
  /** It has answered a heartbeat. */
  beat?(controller: Controller): void
  /** Its state has changed. */
  moved?(change: StateEvent): void
  /** It has ended against its will. */
  crashed?(crash: Crash): void
  /** Resolves once the balancers do not choose this process any more. */
  outOfRotation(): Promise<void>
}

/** One process: its state machine, the child behind it and what is known about it. */
export interface Controller {
  readonly id: ProcessId
  /** Where the child at work listens; where the next one will, when there is none. */
  readonly port: number
  readonly drains: boolean
  readonly isSurge: boolean
  readonly client: RpcClient<ChildMethods>
  readonly clock: Clock
  state(): ProcState
  generation(): number
  policy(): ProcessPolicy
  info(): ProcessInfo
  /** `evenIfLost`: as if it answered. */
  upstream(options?: { readonly evenIfLost?: boolean }): UpstreamEntry
  /** It runs, but has not answered lately. */
  isLost(): boolean
  /** Ends the child at once with SIGKILL; the crash record and the log say why. */
  kill(cause: 'memory', message: string): void
  /** Takes over a child that an earlier supervisor started; only before the first start. */
  adopt(survivor: Survivor): void
  /** What the operator wants; `until` tells what came of it. */
  request(wish: 'start' | 'stop' | 'restart'): void
  /** True once `done()` holds, false after `timeoutMs`. */
  until(done: () => boolean, timeoutMs: number): Promise<boolean>
  /** Takes it out of rotation, or back in. */
  setDraining(draining: boolean): Promise<void>
  /** The child at work; undefined when there is none. */
  life(): Life | undefined
  /** From now on nothing is done about this process any more: it belongs to another supervisor. */
  letGo(): void
}
