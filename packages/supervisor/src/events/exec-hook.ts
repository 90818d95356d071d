import { type ChildProcess, spawn } from 'node:child_process'
import type { ServiceEvent } from '@imgsvc/core/events'
import type { Attempt } from './delivery.ts'

export interface ExecTarget {
  readonly path: string
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Starts a program for one event, without a shell: the event as JSON on stdin, its main facts as IMGSVC_EVENT_* in the
 * environment. After `timeoutMs` it is killed with all it has started. A program that fails is not tried again: it may
 * have done half of its work. Never rejects.
 */
export function execHook(event: ServiceEvent, target: ExecTarget, signal: AbortSignal): Promise<Attempt> {
  const { path, args, timeoutMs, env } = target
  return new Promise((resolve) => {
    // A group of its own, so that what it leaves behind can be ended with it.
    const child = spawn(path, [...args], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...env, ...eventEnvironment(event) },
    })
    let why: string | undefined
    const end = (reason: string) => {
      why ??= reason
      killGroup(child)
    }
    const timer = setTimeout(() => end(`killed after ${timeoutMs} ms`), timeoutMs)
    const leave = () => end('imgsvc is stopping')
    signal.addEventListener('abort', leave, { once: true })
    const done = (attempt: Attempt) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      resolve(attempt)
    }
    child.on('error', (error) => done({ kind: 'refused', why: error.message }))
    child.on('exit', (code, killedBy) => {
      if (code === 0) done({ kind: 'ok' })
      else done({ kind: 'refused', why: why ?? `it ended with ${killedBy ?? `exit code ${code}`}` })
    })
    // It need not read what it is given.
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${JSON.stringify(event)}\n`)
    if (signal.aborted) leave()
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

/** IMGSVC_EVENT and, as far as the event has them, IMGSVC_EVENT_PROCESS, _FROM, _TO, _REASON …. */
export function eventEnvironment(event: ServiceEvent): Readonly<Record<string, string>> {
  const facts = Object.entries(event).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [[`IMGSVC_EVENT_${name.toUpperCase()}`, String(value)] as const]
      : [],
  )
  return { IMGSVC_EVENT: event.type, ...Object.fromEntries(facts) }
}
