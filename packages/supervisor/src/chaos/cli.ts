import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built program, started as a user does; the same from src and from dist. */
export const PROGRAM = fileURLToPath(new URL('../../bin/imgsvc.js', import.meta.url))

/** The fault module, to be loaded before a program with `NODE_OPTIONS=--import=…`. */
export const FAULTS = new URL('../../dist/chaos/faults/main.js', import.meta.url).href

export type Env = Readonly<NodeJS.ProcessEnv>

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

export interface CliOptions {
  readonly cwd: string
  readonly env: Env
  /** Runs as this user; only root can. */
  readonly uid?: number | undefined
  readonly signal?: AbortSignal
  /** Killed after this long, so that a hang is a result; default 60 s. */
  readonly timeoutMs?: number
}

/** The environment without settings of the person who runs the rig. */
export function cleanEnv(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(IMGSVC_|VITEST|NODE_OPTIONS$|NODE_ENV$|NODE_V8)/.test(name)),
  )
}

/** Runs one imgsvc command to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { cwd, env, uid, signal, timeoutMs = 60_000 } = options
  const startedAt = performance.now()
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(uid !== undefined && { uid, gid: uid }),
    ...(signal && { signal }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr, ms: Math.round(performance.now() - startedAt) }))
  })
}
