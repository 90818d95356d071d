import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { kernelStartTime } from '@imgsvc/core/run-file'

/** What the checks look at of the machine; a fake in tests. */
export interface System {
  /** Text of a small file; undefined when it is missing or may not be read. */
  read(path: string): string | undefined
  stat(path: string): FileFacts | 'missing' | 'forbidden'
  /** Room of the file system a path is on. Throws the system's error. */
  room(path: string): Promise<Room>
  /** stdout of a program; undefined when it is missing, fails or takes longer than 5 s. */
  run(program: string, args: readonly string[], cwd?: string): Promise<string | undefined>
  /** Epoch ms. */
  now(): number
  /** Monotonic ms since this process began. */
  monotonic(): number
  /** When this process began, kernel ticks since boot; undefined where the kernel does not tell. */
  startTicks(): number | undefined
  wait(ms: number): Promise<void>
}

export interface FileFacts {
  readonly uid: number
  /** Permission bits. */
  readonly mode: number
  readonly kind: 'file' | 'directory' | 'socket' | 'other'
}

export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
  readonly freeInodes: number
  /** 0 where the file system has no fixed number. */
  readonly totalInodes: number
}

const RUN_MS = 5000

/** The machine this program runs on. */
export const thisSystem: System = {
  read(path) {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined // the checks say what follows from that
    }
  },
  stat(path) {
    try {
      const stats = statSync(path)
      const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : stats.isSocket() ? 'socket' : 'other'
      return { uid: stats.uid, mode: stats.mode & 0o777, kind }
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'missing'
    }
  },
  async room(path) {
    const { bavail, blocks, bsize, ffree, files } = await statfs(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files }
  },
  run: (program, args, cwd) =>
    new Promise((resolve) => {
      execFile(program, [...args], { cwd, timeout: RUN_MS, killSignal: 'SIGKILL' }, (error, stdout) => {
        resolve(error ? undefined : stdout)
      })
    }),
  now: () => Date.now(),
  monotonic: () => performance.now(),
  startTicks() {
    const ticks = kernelStartTime(process.pid)
    return ticks === '' ? undefined : Number(ticks)
  },
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
