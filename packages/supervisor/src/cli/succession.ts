import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Heir, Succession } from '../supervisor-options.ts'
import type { Cli } from './context.ts'
import type { StartReport } from './detach.ts'
import { EXIT } from './exit-codes.ts'
import { GO, type HeirReport } from './heir.ts'

/*
 * Two supervisors and one service:
 *
 *   in office   prepare() ──────────► rolls workers, balancers ──► leaves ──► go ──► waits for `ready`, then …
 *   successor        └─► loads, reads the configuration, waits ───────────────┴─► adopts everything ─► ready
 *
 *   … in the foreground it stays as the process the terminal knows, handing on signals and the exit code;
 *   … detached it ends;
 *   … when the successor fails it takes the service back.
 */

/** The succession of one supervisor, and what comes after it has left. */
export interface OwnSuccession extends Succession {
  /**
   * Lets the successor begin. Resolves to the exit code this process ends with, when its time has come; to undefined
   * when the successor failed and the service must be taken back.
   */
  handOver(): Promise<number | undefined>
}

export interface SuccessionOptions {
  readonly cli: Cli
  /** Arguments of the successor behind `up`. */
  readonly args: readonly string[]
  /** This process waits until its successor ends; else it ends at once. */
  readonly stays: boolean
}

type Message = HeirReport | StartReport

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const
const LOAD_MS = 30_000

/** Successors of this process, started from the program on disk. */
export function createSuccession(options: SuccessionOptions): OwnSuccession {
  const { cli, stays } = options
  // systemd follows this process alone: when it ends, the unit is started again and adopts what is there.
  const kind = cli.env.NOTIFY_SOCKET ? 'exit' : 'successor'
  let prepared: { readonly child: ChildProcess; readonly signals: Signals } | undefined

  function cancel(): void {
    prepared?.signals.release()
    // It ends by itself when it hears no more; a frozen one would not.
    prepared?.child.kill('SIGKILL')
    prepared = undefined
  }

  return {
    kind,
    async prepare(): Promise<Heir> {
      const child = startHeir(options)
      prepared = { child, signals: collectSignals() }
      try {
        const { version, roles } = await untilLoaded(child)
        return { version, roles, cancel }
      } catch (error) {
        cancel()
        throw error
      }
    },
    async handOver() {
      if (!prepared) return undefined
      const { child, signals } = prepared
      if (kind === 'exit') {
        cancel()
        return EXIT.ok
      }
      const ended = new Promise<number>((resolve) =>
        child.once('exit', (code, signal) => resolve(exitCode(code, signal))),
      )
      const report = reportOf(child)
      child.send(GO, () => {}) // a failure shows as its exit
      const first = await Promise.race([report, ended])
      if (typeof first === 'number' || first.kind === 'failed') {
        await ended
        signals.release()
        prepared = undefined
        return undefined
      }
      signals.forwardTo(child)
      return stays ? ended : EXIT.ok
    },
  }
}

/** A death by a signal is told as a shell does, so that who started this process can tell it from a decision to end. */
function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? (signal === null ? EXIT.generic : 128 + constants.signals[signal])
}

function startHeir({ cli, args }: SuccessionOptions): ChildProcess {
  return spawn(process.execPath, [cli.program, 'up', ...args, '--heir'], {
    // A deployment may have taken the directory away; all paths in `args` are absolute.
    cwd: existsSync(cli.cwd) ? cli.cwd : '/',
    env: cli.env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
}

/** Resolves once the successor has loaded. Throws UPGRADE_FAILED with what it said, or how it ended. */
function untilLoaded(child: ChildProcess): Promise<HeirReport> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string) => reject(new ImgsvcError('UPGRADE_FAILED', `the code on disk ${detail}`))
    const timer = setTimeout(() => fail(`did not load within ${LOAD_MS / 1000} s`), LOAD_MS)
    child.once('error', (error) => fail(`cannot be started: ${error.message}`))
    child.once('exit', (code, signal) => fail(`does not start: it ended with ${signal ?? `exit code ${code}`}`))
    child.once('message', (message: Message) => {
      clearTimeout(timer)
      if (message.kind === 'heir') resolve(message)
      else fail(`does not start: ${message.lines.join('; ')}`)
    })
    child.once('close', () => clearTimeout(timer))
  })
}

function reportOf(child: ChildProcess): Promise<StartReport> {
  return new Promise((resolve) => child.once('message', (message: StartReport) => resolve(message)))
}

interface Signals {
  /** Hands on those that came meanwhile, and all that follow. */
  forwardTo(child: ChildProcess): void
  release(): void
}

/** Keeps signals that nobody else may hear: between two supervisors there is a moment without one. */
function collectSignals(): Signals {
  const waiting = new Set<NodeJS.Signals>()
  let target: ChildProcess | undefined
  const hear = (signal: NodeJS.Signals) => {
    if (target) target.kill(signal)
    else waiting.add(signal)
  }
  for (const signal of FORWARDED) process.on(signal, hear)
  return {
    forwardTo(child) {
      target = child
      for (const signal of waiting) child.kill(signal)
      waiting.clear()
    },
    release() {
      for (const signal of FORWARDED) process.off(signal, hear)
    },
  }
}
