import type { ChildMethods, UpstreamEntry } from '@imgsvc/core/child-control'
import { childClient } from '@imgsvc/core/child-socket'
import type { Clock } from '@imgsvc/core/clock'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { Logger } from '@imgsvc/core/log'
import type { Exit, ProcessId, ProcState } from '@imgsvc/core/process'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import { readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { adoptChild } from './adopted-child.ts'
import type { ChildProgram, SpawnChild } from './child.ts'
import { beginLife, type End, type Life } from './life.ts'
import { type Effect, initialProc, next, type Policy, type ProcEvent } from './machine.ts'
import type { Survivor } from './survivors.ts'
import { createTimeline } from './timeline.ts'
import { NO_VITALS } from './vitals.ts'

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
  policy(): Policy
  program(id: ProcessId, port: number, generation: number): ChildProgram
  /** State, pid or draining changed. */
  changed(controller: Controller): void
  /** Resolves once the balancers do not choose this process any more. */
  outOfRotation(): Promise<void>
}

/** One process: its state machine, the child behind it and what is known about it. */
export interface Controller {
  readonly id: ProcessId
  /** Where the child at work listens; where the next one will, when there is none. */
  readonly port: number
  readonly drains: boolean
  readonly client: RpcClient<ChildMethods>
  readonly clock: Clock
  state(): ProcState
  generation(): number
  policy(): Policy
  info(): ProcessInfo
  upstream(): UpstreamEntry
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
}

// Part of stopTimeout that stays between the end of draining and SIGKILL, for the child's own exit.
const EXIT_GRACE_MS = 1000

/** An adopted process that has not answered for this long hangs. */
const HANG_MS = 10_000

/** States that need an explanation. */
const REASONED: ReadonlySet<ProcState> = new Set(['backoff', 'fatal', 'exited'])

export function createController(options: ControllerOptions): Controller {
  const { id, port, drains, clock, log, policy } = options
  const client = childClient(options.paths.socketOf(id))
  const timeline = createTimeline(clock)
  const pending: ProcEvent[] = []
  // Generations go on where an earlier supervisor stopped, so that nobody takes a new child for an old one.
  let generation = readRunFile(options.paths.runFileOf(id))?.generation ?? 0
  let proc = initialProc(clock.monotonic())
  let life: Life | undefined
  let lastExit: Exit | null = null
  let reason: string | null = null
  let draining = false
  let dispatching = false
  let starts = 0

  /** Events that effects bring about wait their turn, so that every effect sees the state it belongs to. */
  function dispatch(event: ProcEvent): void {
    pending.push(event)
    if (dispatching) return
    dispatching = true
    try {
      for (let current = pending.shift(); current; current = pending.shift()) step(current)
    } finally {
      dispatching = false
    }
  }

  function step(event: ProcEvent): void {
    const before = proc
    const [after, effects] = next(before, event, policy(), clock.monotonic())
    proc = after
    if (event.type === 'timeout' && before.state === 'starting') {
      reason = `was not ready within ${policy().startTimeout / 1000} s`
    }
    if (after.state !== before.state) {
      timeline.clear()
      log.info({ process: id, from: before.state, to: after.state, childPid: after.pid ?? before.pid }, 'state changed')
    }
    for (const effect of effects) perform(effect)
  }

  function perform(effect: Effect): void {
    if (effect.type === 'spawn') spawn()
    else if (effect.type === 'timer') timeline.set(effect.ms, () => dispatch({ type: 'timeout' }))
    else if (effect.type === 'signal') signal(effect.signal)
    else {
      options.changed(controller)
      timeline.notify()
    }
  }

  function spawn(): void {
    generation++
    try {
      dispatch({ type: 'spawned', pid: begin(options.spawn).pid })
    } catch (error) {
      reason = `could not be started: ${error instanceof Error ? error.message : String(error)}`
      log.error({ err: error, process: id }, 'a process could not be started')
      dispatch({ type: 'exited', clean: false })
    }
  }

  function begin(spawnChild: SpawnChild, survivor?: Survivor): Life {
    starts++
    draining = false
    const program = options.program(id, port, generation)
    const onReady = () => dispatch({ type: 'ready' })
    const patience = Math.min(HANG_MS, policy().startTimeout)
    const watch = { onReady, onEnd, onSilence, patience }
    life = beginLife(spawnChild, { ...options, client, generation, program, survivor, ...watch })
    return life
  }

  function adopt(survivor: Survivor): void {
    const { pid, ready, answers } = survivor
    generation = survivor.generation
    const watch = { socket: options.paths.socketOf(id), clock, log }
    begin((_, onExit) => adoptChild(survivor, watch, onExit), survivor)
    log.info({ process: id, childPid: pid, ready, answers }, 'adopted a process that an earlier supervisor started')
    // A silent one served until now and goes on doing so unless it hangs: balancers find that out by themselves.
    dispatch({ type: 'adopted', pid, ready: ready || !answers })
    // A new supervisor wants everything up: it does not know why somebody took this one out of rotation.
    if (answers && !ready) {
      client
        .call('undrain', {})
        .catch((error: unknown) => log.warn({ err: error, process: id }, 'no answer to undrain'))
    }
  }

  function onSilence(): void {
    if (proc.state !== 'running') return // being stopped, and that is what is wanted
    log.warn({ process: id, childPid: life?.pid }, 'an adopted process does not answer: replaced')
    dispatch({ type: 'restart' })
  }

  function onEnd(end: End): void {
    life = undefined
    draining = false
    lastExit = end.exit
    // A stop that was asked for needs no reason; one after a start time-out has its own.
    const unasked = proc.state === 'starting' || proc.state === 'running'
    if (unasked) reason = end.reason
    log[unasked ? 'warn' : 'info']({ process: id, ...end }, 'process ended')
    dispatch({ type: 'exited', clean: end.exit.code === 0 })
  }

  function signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const target = life
    if (!target) return // it has just ended; `onEnd` is on its way
    if (name === 'SIGKILL') {
      log.warn({ process: id, childPid: target.pid }, 'still running after stopTimeout: killed')
      target.kill('SIGKILL')
    } else {
      terminate(target).catch((error: unknown) => log.error({ err: error, process: id }, 'stopping failed'))
    }
  }

  /** Out of rotation, idle, SIGTERM: nothing under way is lost. SIGKILL is the machine's timer. */
  async function terminate(target: Life): Promise<void> {
    // A process that has never served has nothing to finish.
    if (drains && target.hasServed()) {
      const { stopTimeout } = policy()
      await options.outOfRotation()
      await target
        .drain(Math.max(0, stopTimeout - Math.min(EXIT_GRACE_MS, stopTimeout / 4)))
        .catch((error: unknown) => log.debug({ err: error, process: id }, 'no answer to drain'))
    }
    target.kill('SIGTERM')
  }

  const controller: Controller = {
    id,
    get port() {
      return life?.port ?? port
    },
    drains,
    client,
    clock,
    policy,
    adopt,
    state: () => proc.state,
    generation: () => generation,
    life: () => life,
    info: () => ({
      id,
      state: proc.state.toUpperCase() as ProcessInfo['state'],
      want: proc.want,
      pid: life?.pid ?? null,
      port: controller.port,
      since: life?.since ?? null,
      restarts: Math.max(0, starts - 1),
      ...(life?.vitals() ?? NO_VITALS),
      draining,
      lastExit,
      reason: REASONED.has(proc.state) ? reason : null,
    }),
    upstream: () => ({
      id,
      host: '127.0.0.1',
      port: controller.port,
      state: upstreamState(proc.state, draining),
      generation,
    }),
    request: (wish) => {
      if (wish !== 'stop') reason = null
      dispatch({ type: wish })
    },
    until: timeline.until,
    async setDraining(value) {
      draining = value
      options.changed(controller)
      await options.outOfRotation()
    },
  }
  return controller
}

function upstreamState(state: ProcState, draining: boolean): UpstreamEntry['state'] {
  if (state === 'running') return draining ? 'draining' : 'up'
  return state === 'stopping' ? 'draining' : 'down'
}
