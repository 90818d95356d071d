import { rmSync, statSync } from 'node:fs'
import type { ChildMethods } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import { createMoment } from '@imgsvc/core/moment'
import type { Exit, ProcessId } from '@imgsvc/core/process'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import { readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { Child, ChildProgram, SpawnChild } from './child.ts'
import { exitReason } from './exit-reason.ts'
import { startHeartbeat } from './heartbeat.ts'
import { ageMs } from './kernel-age.ts'
import { lastLines } from './last-words.ts'
import { applyLaunch } from './launch.ts'
import type { Survivor } from './survivors.ts'
import { createGauge, NO_VITALS, untilReachable, untilReady, type Vitals } from './vitals.ts'

export interface LifeOptions {
  readonly id: ProcessId
  readonly port: number
  readonly generation: number
  readonly program: ChildProgram
  readonly paths: StatePaths
  readonly client: RpcClient<ChildMethods>
  readonly clock: Clock
  readonly log: Logger
  /** The child is there already: an earlier supervisor started it. */
  readonly survivor?: Survivor | undefined
  /** The child says that it serves. */
  onReady(): void
  /** An adopted child that did not answer at first has not said so for `patience` ms either. */
  onSilence(): void
  readonly patience: number
  /** It has answered a heartbeat; its `vitals` are new. */
  onBeat?(vitals: Vitals): void
  /** It has not, for `silentMs` by its own fault; `isStopped`: by a signal such as SIGSTOP. */
  onQuiet?(silentMs: number, isStopped: boolean): void
  /** Called once, after the reason was found. */
  onEnd(end: End): void
}

export interface End {
  readonly exit: Exit
  /** `exited with code 1: Error: …`. */
  readonly reason: string
  /** Its last lines on stderr. */
  readonly stderr: readonly string[]
  /** The figures of its last heartbeat. */
  readonly vitals: Vitals
  /** How long it lived, ms. */
  readonly uptimeMs: number
}

/** One child from its spawn, or its adoption, to its end. */
export interface Life {
  readonly pid: number
  readonly generation: number
  /** Where it listens: an adopted child may still be where an earlier configuration put it. */
  readonly port: number
  readonly isAdopted: boolean
  /** Epoch ms, as the wall clock of the moment has it. */
  readonly since: number
  vitals(): Vitals
  hasServed(): boolean
  /** Becomes idle, at most `deadlineMs`, and takes nothing new; resolves to the requests left. Throws when it is silent. */
  drain(deadlineMs: number): Promise<number>
  /** Does not watch it any longer: it belongs to another supervisor. */
  letGo(): void
  /** Does nothing when the child is gone. `isMeantToEnd` (default): the signal is one that ends it. */
  kill(signal: NodeJS.Signals, isMeantToEnd?: boolean): void
}

const CALL_SLACK_MS = 1000
const STDERR_LINES = 20
/** Figures older than this are not shown any more. */
const UNKNOWN_AFTER_MS = 2000

/** Spawns a child, or adopts one, and accompanies it. Throws the system's error when it cannot be spawned. */
export function beginLife(spawn: SpawnChild, options: LifeOptions): Life {
  const { id, client, clock, log, generation, program, survivor } = options
  const gone = new AbortController()
  let isLeft = false
  const bornAt = clock.monotonic()
  let vitals = NO_VITALS
  let isLost = false
  let served = survivor?.answers ?? false

  // Silence at first proves nothing: on a busy machine an answer may take longer than a new supervisor waits for it.
  const stopWaiting = served || !survivor ? () => {} : clock.timer(options.patience, options.onSilence)

  const stderrEnd = sizeOf(program.stderrFile)
  const child: Child = spawn(program, (exit) => void end(exit))
  const stderrOffset = child.outputFrom ?? stderrEnd
  const bornMoment = createMoment(clock, survivor && startedAt(survivor, clock))
  if (program.launch && !survivor) void applyLaunch(child.pid, program.launch, log)

  async function end(exit: Exit): Promise<void> {
    if (isLeft) return
    stopWaiting()
    gone.abort(new Error(`${id} is gone`))
    const last = vitals
    const uptimeMs = Math.round(clock.monotonic() - bornAt)
    vitals = NO_VITALS
    removeRunFile()
    const { stderrFile } = program
    const [reason, stderr] = await Promise.all([
      exitReason(exit, { stderrFile, stderrOffset, port: options.port }),
      lastLines(stderrFile, stderrOffset, STDERR_LINES),
    ])
    options.onEnd({ exit, reason, stderr, vitals: last, uptimeMs })
  }

  /** What a killed child leaves behind would pass for an orphan. */
  function removeRunFile(): void {
    const path = options.paths.runFileOf(id)
    try {
      if (readRunFile(path)?.pid === child.pid) rmSync(path, { force: true })
    } catch (error) {
      log.warn({ err: error, path }, 'the run file of a process that has ended cannot be removed')
    }
  }

  async function accompany(): Promise<void> {
    try {
      await untilReady(client, { pid: child.pid, generation }, clock, gone.signal)
      // Its word alone would let a stranger on its port have the traffic.
      if (program.probe)
        await untilReachable({ pid: child.pid, port: life.port, path: program.probe }, clock, gone.signal)
    } catch {
      return // gone before it was ready; `end` tells
    }
    stopWaiting()
    served = true
    options.onReady()
    const gauge = createGauge(clock)
    startHeartbeat({
      pid: child.pid,
      client,
      clock,
      signal: gone.signal,
      onBeat(health) {
        isLost = false
        vitals = gauge.read(health)
        options.onBeat?.(vitals)
      },
      onSilence(silentMs, isStopped) {
        isLost = silentMs >= UNKNOWN_AFTER_MS
        options.onQuiet?.(silentMs, isStopped)
      },
    })
  }

  const life: Life = {
    pid: child.pid,
    generation,
    port: survivor?.port ?? options.port,
    isAdopted: survivor !== undefined,
    get since() {
      return bornMoment()
    },
    vitals: () => (isLost ? NO_VITALS : vitals),
    hasServed: () => served,
    async drain(deadlineMs) {
      const timeoutMs = deadlineMs + CALL_SLACK_MS
      return (await client.call('drain', { deadlineMs }, { signal: gone.signal, timeoutMs })).inFlight
    },
    letGo() {
      isLeft = true
      stopWaiting()
      gone.abort(new Error(`${id} belongs to another supervisor`))
      child.letGo()
    },
    kill(signal, isMeantToEnd) {
      if (!gone.signal.aborted) child.kill(signal, isMeantToEnd)
    },
  }
  accompany().catch((error: unknown) => log.error({ err: error, process: id }, 'watching a process failed'))
  return life
}

/** The kernel counts from boot: a clock that was set meanwhile does not make an adopted process younger or older. */
function startedAt({ startTime, startedAt: written }: Survivor, clock: Clock): number {
  const age = ageMs(startTime)
  return age === undefined ? written : Math.round(clock.now() - age)
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0 // not there yet, or on a disk that fails: spawning does not depend on it
  }
}
