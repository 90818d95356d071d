import { childClient } from '@imgsvc/core/child-socket'
import type { ProcessInfo } from '@imgsvc/core/control'
import { createMoment } from '@imgsvc/core/moment'
import type { Exit, ProcState } from '@imgsvc/core/process'
import { readRunFile } from '@imgsvc/core/run-file'
import { adoptChild } from './adopted-child.ts'
import type { SpawnChild, StartCause } from './child.ts'
import type { Controller, ControllerOptions } from './controller.ts'
import { crashOf } from './crash-of.ts'
import { sweep } from './leftovers.ts'
import { beginLife, type End, type Life } from './life.ts'
import { next } from './machine.ts'
import { type Effect, initialProc, type ProcEvent } from './proc.ts'
import { figures, stateEvent, upstreamState, whyFatal } from './process-view.ts'
import { createPulse } from './pulse.ts'
import { spawnThrough } from './sibling.ts'
import type { Survivor } from './survivors.ts'
import { terminate } from './terminate.ts'
import { createTimeline } from './timeline.ts'
import { NO_VITALS } from './vitals.ts'

/** An adopted process that has not answered for this long hangs. */
const HANG_MS = 10_000

/** States that need an explanation. */
const REASONED: ReadonlySet<ProcState> = new Set(['backoff', 'fatal', 'exited'])

/** A process that has not been started. Generations go on where an earlier supervisor stopped. */
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
  let endedAt = () => 0
  let reason: string | null = null
  let draining = false
  let dispatching = false
  let starts = 0
  let killedFor: { readonly cause: 'hang' | 'memory'; readonly message: string } | undefined
  const pulse = createPulse({
    hangTimeout: () => policy().hangTimeout,
    changed(isLost) {
      log.warn({ process: id, childPid: life?.pid }, isLost ? 'a process does not answer' : 'a process answers again')
      options.changed(controller)
    },
    expired: () => kill('hang', `${pulse.describe()}: killed`),
  })
  let isOurs = true
  let cause: StartCause = 'asked'

  /** Events that effects bring about wait their turn, so that every effect sees the state it belongs to. */
  function dispatch(event: ProcEvent): void {
    if (!isOurs) return
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
    if (event.type === 'timeout' && before.state === 'starting' && !before.answered) {
      reason = `was not ready within ${policy().startTimeout / 1000} s`
    }
    if (before.state === 'running' && after.state === 'fatal') reason = whyFatal(after, policy(), reason)
    if (after.state !== before.state) {
      timeline.clear()
      const pid = after.pid ?? before.pid
      log.info({ process: id, from: before.state, to: after.state, childPid: pid }, 'state changed')
      const exit = event.type === 'exited' ? lastExit : null
      options.moved?.(stateEvent({ process: id, pid, generation, exit, reason }, before.state, after.state, event.type))
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
    const sibling = options.sibling?.()
    if (sibling) {
      spawnThrough(sibling, options.program(id, port, generation), { id, port, generation }, clock).then((survivor) => {
        if (isOurs) dispatch({ type: 'spawned', pid: begin(adopting(survivor), survivor).pid })
      }, unspawned)
      return
    }
    try {
      dispatch({ type: 'spawned', pid: begin(options.spawn).pid })
    } catch (error) {
      unspawned(error)
    }
  }

  function unspawned(error: unknown): void {
    reason = `could not be started: ${error instanceof Error ? error.message : String(error)}`
    log.error({ err: error, process: id }, 'a process could not be started')
    cause = 'retry'
    dispatch({ type: 'exited', clean: false })
  }

  /** Instead of a fork: the process is there, and not a child of ours. */
  function adopting(survivor: Survivor): SpawnChild {
    return (_, onExit) => adoptChild(survivor, { socket: options.paths.socketOf(id), clock, log }, onExit)
  }

  function begin(spawnChild: SpawnChild, survivor?: Survivor): Life {
    starts++
    draining = false
    killedFor = undefined
    pulse.reset()
    const program = { ...options.program(id, port, generation), cause }
    const onReady = () => dispatch({ type: 'ready' })
    const patience = Math.min(HANG_MS, policy().startTimeout)
    const onBeat = () => {
      pulse.beat()
      options.beat?.(controller)
    }
    const watch = { onReady, onEnd, onSilence, patience, onBeat, onQuiet: pulse.quiet }
    life = beginLife(spawnChild, { ...options, client, generation, program, survivor, ...watch })
    return life
  }

  function adopt(survivor: Survivor): void {
    const { pid, ready, answers } = survivor
    generation = survivor.generation
    begin(adopting(survivor), survivor)
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

  function kill(cause: 'hang' | 'memory', message: string): void {
    // One that is being stopped has a timer of its own for this.
    if (!life || (proc.state !== 'running' && proc.state !== 'starting')) return
    killedFor = { cause, message }
    log.error({ process: id, childPid: life.pid, cause }, message)
    life.kill('SIGKILL')
  }

  function onEnd(end: End): void {
    const { pid = 0 } = life ?? {}
    const { state, failures } = proc
    life = undefined
    draining = false
    pulse.reset()
    lastExit = end.exit
    endedAt = createMoment(clock, end.exit.at)
    // A stop that was asked for needs no reason; one after a start time-out has its own.
    const unasked = state === 'starting' || state === 'running'
    if (unasked) {
      reason = killedFor?.message ?? end.reason
      cause = state === 'running' ? 'crashed' : 'retry'
    }
    log[unasked ? 'warn' : 'info']({ process: id, exit: end.exit, reason: end.reason }, 'process ended')
    if (unasked || (state === 'stopping' && failures > 0)) {
      const crash = killedFor?.cause ?? (state === 'running' ? 'crash' : 'start')
      options.crashed?.(crashOf({ process: id, pid, generation, cause: crash, message: reason ?? end.reason }, end))
    }
    if (policy().killAsGroup) sweep({ id, pid, port, generation, stateDir: options.paths.root }, log)
    dispatch({ type: 'exited', clean: policy().exitCodes.includes(end.exit.code ?? -1) })
  }

  function signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const target = life
    if (!target) return // it has just ended; `onEnd` is on its way
    if (name === 'SIGKILL') {
      log.warn({ process: id, childPid: target.pid }, 'still running after stopTimeout: killed')
      target.kill('SIGKILL')
    } else {
      terminate(target, options).catch((error: unknown) => log.error({ err: error, process: id }, 'stopping failed'))
    }
  }

  const isOut = (evenIfLost: boolean) => options.isHeld?.(controller) || (pulse.isLost() && !evenIfLost)

  const controller: Controller = {
    id,
    get port() {
      return life?.port ?? port
    },
    drains,
    isSurge: options.isSurge ?? false,
    client,
    clock,
    policy,
    adopt,
    state: () => proc.state,
    generation: () => generation,
    life: () => life,
    isLost: pulse.isLost,
    kill,
    letGo() {
      isOurs = false
      timeline.clear()
      life?.letGo()
    },
    info: () => ({
      id,
      state: proc.state.toUpperCase() as ProcessInfo['state'],
      want: proc.want,
      pid: life?.pid ?? null,
      port: controller.port,
      since: life?.since ?? null,
      restarts: Math.max(0, starts - 1),
      ...figures(life?.vitals() ?? NO_VITALS),
      draining,
      lastExit: lastExit && { ...lastExit, at: endedAt() },
      reason: REASONED.has(proc.state) ? reason : (pulse.describe() ?? null),
      ...(options.isSurge && { surge: true }),
    }),
    upstream: ({ evenIfLost = false } = {}) => ({
      id,
      host: '127.0.0.1',
      port: controller.port,
      state: isOut(evenIfLost) ? 'down' : upstreamState(proc.state, draining),
      generation,
    }),
    request: (wish) => {
      if (wish !== 'stop') reason = null
      cause = 'asked'
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
