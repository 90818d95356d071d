import { readdirSync, readFileSync } from 'node:fs'

/** Is there a process of this pid that is no zombie? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !/^State:\s+Z/m.test(readProc(`${pid}/status`))
}

/** Processes that work for a state directory: named by their environment or command line (Linux; else none). */
export function processesOf(stateDir: string): readonly number[] {
  return readPids().filter((pid) => {
    if (pid === process.pid || !isAlive(pid)) return false
    return readProc(`${pid}/environ`).includes(`=${stateDir}\0`) || readProc(`${pid}/cmdline`).includes(stateDir)
  })
}

/** Was it started to wait for the place of a worker? It is there or not as time allows, so counts leave it out. */
export function isSpare(pid: number): boolean {
  return readProc(`${pid}/environ`).includes('IMGSVC_CHILD_SPARE=1\0')
}

function readPids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return [] // no /proc on this system
  }
}

function readProc(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8')
  } catch {
    return '' // it has just ended, or belongs to somebody else
  }
}
