import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cleanEnv } from './run-cli.ts'

/** What is done once the output since the step before matches. */
export interface PtyStep {
  /** Regular expression of Python's re. */
  readonly until: string
  readonly send?: string
  readonly signal?: NodeJS.Signals
  /** Columns and rows from now on. */
  readonly resize?: readonly [number, number]
}

export interface PtyResult {
  readonly output: string
  readonly code: number | null
  readonly signal: number | null
  /** Steps that were not reached. */
  readonly left: number
  /** The settings of the terminal (echo, line mode …) are as they were. */
  readonly restored: boolean
}

const DRIVER = fileURLToPath(new URL('./in-terminal.py', import.meta.url))

/** A terminal needs Python here; in continuous integration it must be there. */
export const hasPty = spawnSync('python3', ['--version']).status === 0 || process.env.CI === 'true'

/** Runs a program in a real pseudo-terminal to its end, 30 s at most. */
export async function inTerminal(
  argv: readonly string[],
  steps: readonly PtyStep[],
  { columns = 80, rows = 24 } = {},
): Promise<PtyResult> {
  const plan = JSON.stringify({ argv, steps, columns, rows })
  const { stdout } = await promisify(execFile)('python3', [DRIVER, plan], { env: cleanEnv(), timeout: 60_000 })
  return JSON.parse(stdout) as PtyResult
}
