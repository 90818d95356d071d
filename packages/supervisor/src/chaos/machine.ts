import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { PROGRAM } from './cli.ts'

/** What this machine lets the rig do. */
export interface Machine {
  readonly isRoot: boolean
  /** A file system may be mounted in a mount namespace of its own. */
  readonly canMount: boolean
  /** Another user to be: one that can read the program. Undefined when there is none. */
  readonly stranger: number | undefined
}

const NOBODY = 65_534

/** Looks what is possible here. */
export function lookAtMachine(): Machine {
  const isRoot = process.getuid?.() === 0
  return { isRoot, canMount: canMount(), stranger: isRoot && isReadableByAll(PROGRAM) ? NOBODY : undefined }
}

/** Why the whole rig cannot work here; undefined when it can. */
export function unfitness(): string | undefined {
  if (!existsSync('/proc/self/stat')) return 'it reads /proc, which this system does not have'
  try {
    accessSync(PROGRAM, constants.R_OK)
    return undefined
  } catch {
    return `${PROGRAM} is missing`
  }
}

function canMount(): boolean {
  const script = 'mount -t tmpfs -o size=64k tmpfs /tmp'
  return spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]).status === 0
}

function isReadableByAll(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o005) === 0) return false
  }
  return true
}
