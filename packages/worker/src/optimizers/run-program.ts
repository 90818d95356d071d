import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One run of a program, never through a shell. */
export interface Command {
  /** Absolute path. */
  readonly program: string
  readonly args: readonly string[]
  /**
   * Names the arguments use for input and output, in a directory of this run alone, which is the working directory.
   * Absent: the program reads stdin and writes stdout.
   */
  readonly files?: { readonly input: string; readonly output: string }
}

export interface RunLimits {
  readonly timeoutMs: number
  /** Bytes it may write. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** PATH of the program: all it is told of the environment, which may hold secrets. */
  readonly searchPath: string
}

export type FailedRun = {
  readonly ok: false
  readonly why: 'failed' | 'timeout' | 'too_large'
  /** For the log. */
  readonly detail: string
}
export type RunResult = { readonly ok: true; readonly data: Buffer } | FailedRun

// A file that grows is looked at this often, ms.
const LOOK_EVERY = 50
// Bytes of complaints that are kept.
const MAX_COMPLAINTS = 4096

/** What the program makes of `input`. However it fails is a result; rejects only with the signal's reason. */
export async function runProgram(command: Command, input: Buffer, limits: RunLimits): Promise<RunResult> {
  limits.signal.throwIfAborted()
  try {
    return await (command.files
      ? withFiles(command, command.files, input, limits)
      : execute(command, limits, { input }))
  } catch (error) {
    limits.signal.throwIfAborted()
    // A full disk, no process left: no reason to refuse a picture that is finished.
    return failed((error as Error).message)
  }
}

async function withFiles(
  command: Command,
  files: { readonly input: string; readonly output: string },
  input: Buffer,
  limits: RunLimits,
): Promise<RunResult> {
  const dir = await mkdtemp(join(tmpdir(), 'imgsvc-run-'))
  const output = join(dir, files.output)
  try {
    await writeFile(join(dir, files.input), input)
    const done = await execute(command, limits, { dir, output })
    if (!done.ok) return done
    const size = sizeOf(output)
    if (size > limits.maxBytes) return tooLarge(limits)
    return size === 0 ? failed('it wrote nothing') : { ok: true, data: await readFile(output) }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function failed(detail: string): FailedRun {
  return { ok: false, why: 'failed', detail }
}

function tooLarge({ maxBytes }: RunLimits): FailedRun {
  return { ok: false, why: 'too_large', detail: `it wrote more than ${maxBytes} bytes` }
}

interface Place {
  /** Written to stdin. */
  readonly input?: Buffer
  readonly dir?: string
  /** The file it writes; absent: stdout. */
  readonly output?: string
}

/** Runs it to its end, or kills it. Rejects with the signal's reason once it is dead. */
function execute(
  { program, args }: Command,
  limits: RunLimits,
  { input, dir = '/', output }: Place,
): Promise<RunResult> {
  const { timeoutMs, maxBytes, signal, searchPath } = limits
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: dir, env: { PATH: searchPath, LC_ALL: 'C' }, stdio: 'pipe' })
    const written: Buffer[] = []
    let size = 0
    let complaints = ''
    let verdict: FailedRun | undefined

    const settle = (code: number | null, by: string | null): void => {
      clearTimeout(timer)
      clearInterval(looking)
      signal.removeEventListener('abort', onAbort)
      if (signal.aborted) reject(signal.reason)
      else if (verdict) resolve(verdict)
      else if (code === 0) resolve({ ok: true, data: Buffer.concat(written) })
      else resolve(failed(`${code === null ? `ended by ${by}` : `exit code ${code}`} ${complaints.trim()}`.trim()))
    }
    const kill = (why?: FailedRun): void => {
      verdict ??= why
      child.kill('SIGKILL')
      // Whoever inherited its pipes must not keep us waiting.
      for (const stream of child.stdio) stream?.destroy()
      if (child.exitCode !== null || child.signalCode !== null) settle(child.exitCode, child.signalCode)
      else child.once('exit', settle)
    }
    const onAbort = (): void => kill()
    const timer = setTimeout(
      () => kill({ ok: false, why: 'timeout', detail: `no end after ${timeoutMs} ms` }),
      timeoutMs,
    )
    const looking = output && setInterval(() => sizeOf(output) > maxBytes && kill(tooLarge(limits)), LOOK_EVERY)
    signal.addEventListener('abort', onAbort, { once: true })

    child.once('error', (error) => {
      verdict ??= failed(error.message)
      settle(null, null)
    })
    child.once('close', settle)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) kill(tooLarge(limits))
      else if (!output) written.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      complaints = `${complaints}${chunk}`.slice(-MAX_COMPLAINTS)
    })
    // It may end without having read everything; its exit code tells whether that was right.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
