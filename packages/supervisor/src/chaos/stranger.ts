import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CliResult, cleanEnv, runCli } from './cli.ts'
import { freePorts, shortDir } from './place.ts'
import { killAll } from './proc.ts'
import type { Stage } from './stage.ts'

const TIMEOUT_MS = 15_000

/** The user to be: another one when we are root, else ourselves. */
export function strangerOf({ machine }: Stage): number | undefined {
  return machine.isRoot ? machine.stranger : undefined
}

/**
 * Runs `imgsvc up` as a user without privileges, in a place of its own, with settings that ought to be refused; ended
 * after 15 s when they are not (exit code null). `keepFile` leaves the configuration file to its maker, unreadable.
 */
export async function upAsStranger(
  stage: Stage,
  config: Readonly<Record<string, unknown>>,
  keepFile = false,
): Promise<CliResult> {
  const home = shortDir()
  const uid = strangerOf(stage)
  const stateDir = join(home, 's')
  const file = join(home, 'imgsvc.yaml')
  try {
    const ports = await freePorts(1)
    const own = {
      listen: `127.0.0.1:${ports.public}`,
      admin: { listen: `127.0.0.1:${ports.admin}` },
      workers: { count: 1, basePort: ports.workers },
      sources: [{ type: 'file', root: home }],
      logs: { dir: join(home, 'logs') },
    }
    writeFileSync(file, `${JSON.stringify({ ...own, ...config }, null, 2)}\n`, { mode: keepFile ? 0o600 : 0o644 })
    if (uid !== undefined) chownSync(home, uid, uid)
    return await runCli(['up', '--config', file, '--state-dir', stateDir], {
      cwd: home,
      env: cleanEnv(stage.instance.env),
      uid,
      signal: stage.signal,
      timeoutMs: TIMEOUT_MS,
    })
  } finally {
    killAll(stateDir)
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}
