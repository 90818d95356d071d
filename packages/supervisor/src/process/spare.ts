import { rmSync } from 'node:fs'
import { getPriority } from 'node:os'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import type { Exit } from '@imgsvc/core/process'
import type { ChildProgram, SpawnChild, SpawnWaiting, WaitingChild } from './child.ts'
import { lastWords } from './last-words.ts'
import { applyLaunch, reprioritise } from './launch.ts'
import { backoffMs } from './proc.ts'
import { takeOutput } from './take-output.ts'
import { readThread } from './thread-view.ts'

/*
 * One worker that is loaded but is nobody yet:
 *
 *   none ── all calm for a while ──► starting ── `waiting` ──► waiting ── a worker crashes ──► becomes that worker
 *     ▲                                 │                        │
 *     └── dies, is silent, or outdated ─┴────────────────────────┘     (a pause that grows, as for every process)
 *
 * Only a crashed worker is replaced by it. Whoever restarts workers may want new code, which the spare does not have:
 * it is outdated by every start that somebody asked for.
 */

export interface SpareInfo {
  readonly state: 'starting' | 'waiting'
  readonly pid: number
  /** Bytes; null while it starts. */
  readonly rss: number | null
}

export interface SpareOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly spawn: SpawnChild
  readonly spawnWaiting: SpawnWaiting
  /** As configured at this moment; undefined when there is to be none. */
  program(): ChildProgram | undefined
  /** No process is on its way up or down: a spare takes no CPU from them. */
  isCalm(): boolean
  /** Time it gets to load, ms. */
  startTimeout(): number
  /** A worker crashed: `used` when the spare took its place, `none` when there was none. */
  asked(result: 'used' | 'none'): void
}

export interface Spare {
  /** Starts a program; one that takes the place of a crashed worker by means of the spare. */
  readonly spawn: SpawnChild
  info(): SpareInfo | undefined
  /** Ends it and starts none any more; resolves when it is gone. */
  close(): Promise<void>
}

interface Waiter {
  readonly child: WaitingChild
  readonly program: ChildProgram
  readonly startedAt: number
  /** Where its end is told. */
  onExit: (exit: Exit) => void
  state: SpareInfo['state']
  rss: number | null
  unanswered: number
  isRetired: boolean
  became(): void
}

const LOOK_MS = 500
/** While it loads it takes the CPU time that nobody else wants, where that can be arranged. */
const LOADING_NICE = 5
/** How long all must have been calm. */
const CALM_MS = 1000
/** Looks without an answer after which it is given up; a supervisor that oversleeps does not look. */
const PATIENCE = 10
/** It answers at once or never. */
const BECOME_MS = 2000
/** Waiting this long forgives earlier failures. */
const STABLE_MS = 60_000

/** Keeps a spare worker; see above. */
export function createSpare(options: SpareOptions): Spare {
  const { clock, log } = options
  let waiter: Waiter | undefined
  let failures = 0
  let notBefore = 0
  let calmSince: number | undefined
  let isClosed = false
  let gone: () => void = () => {}
  let cancel = clock.timer(LOOK_MS, look)

  function look(): void {
    cancel = clock.timer(LOOK_MS, look)
    const now = clock.monotonic()
    calmSince = options.isCalm() ? (calmSince ?? now) : undefined
    const program = options.program()
    if (waiter) examine(waiter, program, now)
    else if (program && calmSince !== undefined && now - calmSince >= CALM_MS && now >= notBefore) start(program)
  }

  function examine(one: Waiter, program: ChildProgram | undefined, now: number): void {
    if (one.isRetired) return
    const age = now - one.startedAt
    if (!program || !isAlike(program, one.program)) retire('is not what the configuration asks for any more')
    else if (one.state === 'starting' && age > options.startTimeout()) giveUp(one, 'was not loaded in time')
    else if (one.unanswered >= PATIENCE) giveUp(one, 'does not answer')
    else if (one.state === 'waiting') {
      one.unanswered++
      one.child.say({ spare: 'ping' })
      if (age > STABLE_MS) failures = 0
    }
  }

  function start(program: ChildProgram): void {
    rmSync(program.stderrFile, { force: true })
    try {
      const child = options.spawnWaiting(
        program,
        (exit) => one.onExit(exit),
        (word) => {
          if (word.spare === 'became') return one.became()
          if (one.state === 'starting') loaded(one)
          one.state = 'waiting'
          one.rss = word.rss
          one.unanswered = 0
        },
      )
      const one: Waiter = {
        ...{ child, program, startedAt: clock.monotonic(), state: 'starting', rss: null, unanswered: 0 },
        ...{ isRetired: false, became: () => {}, onExit: (exit) => void ended(one, exit) },
      }
      waiter = one
      if (program.launch) void applyLaunch(child.pid, program.launch, log)
      if (canReprioritise()) reprioritise(child.pid, LOADING_NICE, log)
      log.debug({ childPid: child.pid }, 'a spare worker is being loaded')
    } catch (error) {
      failed()
      log.warn({ err: error }, 'a spare worker cannot be started')
    }
  }

  function loaded({ child, program }: Waiter): void {
    const nice = program.launch?.nice ?? 'inherit'
    if (canReprioritise()) reprioritise(child.pid, nice === 'inherit' ? getPriority() : nice, log)
    log.debug({ childPid: child.pid }, 'a spare worker waits')
  }

  async function ended(one: Waiter, exit: Exit): Promise<void> {
    if (waiter === one) waiter = undefined
    gone()
    if (one.isRetired || isClosed) return
    failed()
    const words = await lastWords(one.program.stderrFile, 0)
    log.warn({ childPid: one.child.pid, exit, words }, 'a spare worker ended; no request depends on it')
  }

  function failed(): void {
    failures++
    notBefore = clock.monotonic() + backoffMs(failures)
  }

  function giveUp(one: Waiter, why: string): void {
    log.warn({ childPid: one.child.pid }, `a spare worker ${why}: killed`)
    one.isRetired = true
    failed()
    one.child.kill('SIGKILL')
  }

  function retire(why: string): void {
    if (!waiter || waiter.isRetired) return
    log.debug({ childPid: waiter.child.pid }, `the spare worker ${why}`)
    waiter.isRetired = true
    waiter.child.kill('SIGKILL')
  }

  /** The spare as this program's child; undefined when it cannot be that. */
  function take(program: ChildProgram, onExit: (exit: Exit) => void) {
    const one = waiter
    if (one?.state !== 'waiting' || one.isRetired || !isAlike(program, one.program)) return undefined
    const { child } = one
    if (readThread(child.pid)?.isStopped) return undefined
    const outputFrom = takeOutput(one.program.stderrFile, program.stderrFile)
    if (outputFrom === undefined) return undefined
    waiter = undefined
    calmSince = undefined
    const stopWaiting = clock.timer(BECOME_MS, () => {
      log.error({ childPid: child.pid }, 'a spare worker did not take its place: killed')
      child.kill('SIGKILL')
    })
    one.became = stopWaiting
    one.onExit = (exit) => {
      stopWaiting()
      onExit(exit)
    }
    child.say({ spare: 'become', env: program.env })
    return { pid: child.pid, kill: child.kill, letGo: child.letGo, outputFrom }
  }

  return {
    spawn(program, onExit) {
      const wanted = options.program()
      if (wanted?.entry === program.entry && program.cause === 'crashed') {
        const taken = take(program, onExit)
        options.asked(taken ? 'used' : 'none')
        if (taken) return taken
      } else if (waiter?.program.entry === program.entry && program.cause !== 'retry') {
        retire('is older than a worker that was asked for')
      }
      return options.spawn(program, onExit)
    },
    info: () => waiter && { state: waiter.state, pid: waiter.child.pid, rss: waiter.rss },
    async close() {
      isClosed = true
      cancel()
      if (!waiter) return
      const ending = new Promise<void>((resolve) => {
        gone = resolve
      })
      waiter.child.kill('SIGKILL')
      await ending
    },
  }
}

/** Only root can take a nice value back. */
const canReprioritise = () => process.geteuid?.() === 0

/** Can a process that was started as one be the other? What differs between any two workers does not count. */
function isAlike(one: ChildProgram, other: ChildProgram): boolean {
  return essence(one) === essence(other)
}

function essence({ entry, args, env, account, umask, launch }: ChildProgram): string {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('IMGSVC_CHILD_'))
  return JSON.stringify([entry, args, own.sort(), account, umask, launch])
}
