import { spawn } from 'node:child_process'
import { PROGRAM, cleanEnv as withoutOwnSettings } from '../../src/chaos/cli.ts'

export { PROGRAM }

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Environment of a started imgsvc: that of the tests without settings of the person who runs them. */
export function cleanEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...withoutOwnSettings(process.env), ...extra }
}

/** Runs one command to its end; `input` goes to stdin. Killed after a minute, so that a hang is a failure. */
export function runCli(
  args: readonly string[],
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly input?: string
    /** Another copy of the program. */
    readonly program?: string
    /** Another user; only root may ask for it. */
    readonly uid?: number
  } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [options.program ?? PROGRAM, ...args], {
    cwd: options.cwd,
    env: cleanEnv(options.env),
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // A command that does not read its stdin closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
