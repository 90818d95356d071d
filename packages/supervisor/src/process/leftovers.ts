import { readdir, readFile } from 'node:fs/promises'
import type { Logger } from '@imgsvc/core/log'
import { childEnv } from '@imgsvc/core/state-dir'

/** A child that has ended, as its environment names it. */
export interface Departed {
  readonly id: string
  readonly stateDir: string
  readonly generation: number
  readonly port: number
  readonly pid: number
}

/**
 * Kills what a child has started and left behind (a converter, say); resolves to the pids. Children of node:cluster
 * share the process group of their supervisor, so the group cannot be killed; what they start inherits their
 * environment, and that names the child and its generation. Does nothing where /proc does not exist.
 */
export async function killLeftovers({ pid: own, ...child }: Departed): Promise<readonly number[]> {
  const marks = Object.entries(childEnv(child))
    .filter(([name]) => name !== 'IMGSVC_CHILD_PORT')
    .map(([name, value]) => `${name}=${value}`)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  const killed: number[] = []
  for (const pid of pids) {
    if (pid === own || pid === process.pid) continue
    // Processes of other users and those that end meanwhile cannot be read: not ours.
    const environment = (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).split('\0')
    if (!marks.every((mark) => environment.includes(mark))) continue
    try {
      process.kill(pid, 'SIGKILL')
      killed.push(pid)
    } catch {
      // It has ended by itself.
    }
  }
  return killed
}

/** `killLeftovers` that nobody waits for; what it did is in the log. */
export function sweep(departed: Departed, log: Logger): void {
  const { id } = departed
  killLeftovers(departed).then(
    (pids) => pids.length > 0 && log.warn({ process: id, pids }, 'killed what a process had left behind'),
    (error: unknown) => log.warn({ err: error, process: id }, 'what a process left behind cannot be killed'),
  )
}
