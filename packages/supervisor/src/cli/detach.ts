import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import { makeDirectory, STATE_DIR_HINT } from '../state.ts'
import type { Cli } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** What a detached `up` tells the command that started it, once. */
export type StartReport =
  | { readonly kind: 'ready'; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly lines: readonly string[]; readonly code: number }

/**
 * Starts `up` again as a process of its own session and waits until it is ready. Resolves to the exit code of the
 * waiting command: 0 only when the new process said that it is ready.
 */
export async function startDetached(args: readonly string[], stateDir: string, cli: Cli): Promise<number> {
  const log = openStderrLog(stateDir)
  const from = fstatSync(log.fd).size
  const child = spawn(process.execPath, [cli.program, 'up', ...args, '--report-start'], {
    cwd: cli.cwd,
    env: cli.env,
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  closeSync(log.fd)
  // Interrupting the wait means not wanting the service: the new process stops gracefully, which ends the wait.
  const cancel = () => child.kill('SIGTERM')
  process.on('SIGINT', cancel).on('SIGTERM', cancel)
  const report = await reportOf(child, () => lastLines(log.path, from))
  process.off('SIGINT', cancel).off('SIGTERM', cancel)
  if (report.kind === 'ready') {
    for (const line of report.lines) cli.out.line(line)
    return EXIT.ok
  }
  for (const line of report.lines) cli.out.error(line)
  return report.code
}

/** Tells the waiting command, if there is one, and lets it go. */
export async function reportStart(report: StartReport): Promise<void> {
  if (!process.send || !process.connected) return
  // The waiting command may have been interrupted; starting goes on without it.
  await new Promise<void>((resolve) => process.send?.(report, undefined, undefined, () => resolve()))
  if (process.connected) process.disconnect()
}

function reportOf(child: ChildProcess, said: () => readonly string[]): Promise<StartReport> {
  return new Promise((resolve) => {
    child.once('message', (report: StartReport) => {
      child.removeAllListeners('exit')
      if (child.connected) child.disconnect()
      if (report.kind === 'failed') {
        // Answered only once nothing of it is left: whoever tries again must find the ports and the state free.
        child.once('exit', () => resolve(report))
        return
      }
      child.unref()
      resolve(report)
    })
    child.once('error', (error) => {
      resolve({ kind: 'failed', lines: [`imgsvc: cannot start: ${error.message}`], code: EXIT.generic })
    })
    child.once('exit', (code, signal) => {
      const end = `imgsvc: the detached process ended before it was ready (${signal ?? `exit code ${code}`})`
      resolve({ kind: 'failed', lines: [...said(), end], code: code || EXIT.generic })
    })
  })
}

function openStderrLog(stateDir: string): { readonly fd: number; readonly path: string } {
  const dir = join(stateDir, 'logs')
  const path = join(dir, 'supervisor.stderr.log')
  makeDirectory(dir, 0o700, STATE_DIR_HINT)
  try {
    return { fd: openSync(path, 'a', 0o600), path }
  } catch (error) {
    throw new ImgsvcError('STATE_DIR_UNUSABLE', `${path}: ${(error as Error).message}`, { cause: error })
  }
}

function lastLines(path: string, from: number): readonly string[] {
  const text = readFileSync(path).subarray(from).toString('utf8')
  return text.split('\n').filter(Boolean).slice(-20)
}
