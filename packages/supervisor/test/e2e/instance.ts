import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessInfo } from '@imgsvc/core/control'
import { signedUrl } from '@imgsvc/core/url/signer'
import { expect } from 'vitest'
import { freePorts, type InstancePorts } from './ports.ts'
import { isAlive, processesOf } from './processes.ts'
import { type CliResult, cleanEnv, PROGRAM, runCli } from './run-cli.ts'
import { until } from './until.ts'

/** A running imgsvc of its own: state directory, ports and processes. */
export interface Instance {
  /** The directory around the state directory. */
  readonly home: string
  /** `http://127.0.0.1:20000` */
  readonly base: string
  readonly admin: string
  readonly stateDir: string
  readonly ports: InstancePorts
  /** The configuration file, when it was started with one. */
  readonly configFile: string
  /** The supervisor's pid. */
  readonly pid: number
  /** What `up` has printed so far. */
  printed(): string
  /** Runs a command against this instance. */
  cli(...args: string[]): Promise<CliResult>
  /** Signs a path with the generated key and fetches it. */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  status(): Promise<readonly ProcessInfo[]>
  /** Waits until a process is in a state. */
  untilState(id: string, state: ProcessInfo['state']): Promise<ProcessInfo>
  signal(signal: NodeJS.Signals): void
  /** Kills the supervisor alone, which leaves the others at work. */
  killSupervisor(): Promise<void>
  /** Stops it with SIGTERM unless it has ended, and checks that it exits 0 and leaves no process behind. */
  stop(): Promise<void>
}

export interface InstanceOptions {
  readonly workers?: number
  /** Text of imgsvc.yaml; without it the built-in configuration is used. */
  readonly config?: string
  readonly args?: readonly string[]
  /** Where another instance was: its directories and ports. */
  /** Another copy of the program. */
  readonly program?: string
  readonly env?: Readonly<Record<string, string>>
  readonly inPlaceOf?: Pick<Instance, 'home' | 'ports'>
}

/** Flags that give an instance its own place. */
export function placeFlags(stateDir: string, ports: InstancePorts): readonly string[] {
  return [
    ...['--state-dir', stateDir, '--listen', `127.0.0.1:${ports.public}`],
    ...['--admin', `127.0.0.1:${ports.admin}`, '--worker-port', String(ports.workers)],
  ]
}

/** A directory with a short name: the paths of Unix sockets are limited to some 100 bytes. */
export function shortDir(): string {
  return mkdtempSync(join(tmpdir(), 'iv-'))
}

/** Starts `imgsvc up` in the foreground and waits until it says that it is ready. */
export async function startInstance(options: InstanceOptions = {}): Promise<Instance> {
  const home = options.inPlaceOf?.home ?? shortDir()
  const stateDir = join(home, 's')
  const configFile = join(home, 'imgsvc.yaml')
  if (options.config !== undefined) writeFileSync(configFile, options.config)
  const ports = options.inPlaceOf?.ports ?? (await freePorts())
  const child = spawn(
    process.execPath,
    [
      ...[options.program ?? PROGRAM, 'up', ...placeFlags(stateDir, ports), '--workers', String(options.workers ?? 2)],
      ...(options.config === undefined ? [] : ['--config', configFile]),
      ...(options.args ?? []),
    ],
    { cwd: home, env: cleanEnv(options.env), stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const printed = collectOutput(child)
  try {
    await until('imgsvc up says that it is ready', () => {
      if (child.exitCode !== null) throw new Error(`up ended with ${child.exitCode}:\n${printed()}`)
      return / is ready$/m.test(printed())
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${(error as Error).message}\n${printed()}`)
  }
  return describeInstance({ child, home, stateDir, configFile, ports, printed, program: options.program ?? PROGRAM })
}

interface Parts {
  readonly child: ChildProcess
  readonly home: string
  readonly stateDir: string
  readonly configFile: string
  readonly ports: InstancePorts
  readonly printed: () => string
  readonly program: string
}

function describeInstance({ child, home, stateDir, configFile, ports, printed, program }: Parts): Instance {
  const base = `http://127.0.0.1:${ports.public}`
  const key = readFileSync(join(stateDir, 'security.key'), 'utf8').trim()
  const instance: Instance = {
    home,
    base,
    admin: `http://127.0.0.1:${ports.admin}`,
    stateDir,
    ports,
    configFile,
    pid: child.pid as number,
    printed,
    cli: (...args) => runCli([...args, '--state-dir', stateDir], { cwd: home, program }),
    get: (path, headers = {}) => fetch(`${base}${signedUrl(path, key)}`, { headers }),
    async status() {
      const { stdout, stderr } = await instance.cli('status', '--json')
      if (stdout === '') throw new Error(stderr)
      return JSON.parse(stdout) as ProcessInfo[]
    },
    untilState: (id, state) =>
      until(`${id} is ${state}`, async () =>
        (await instance.status()).find((one) => one.id === id && one.state === state),
      ),
    signal: (signal) => {
      child.kill(signal)
    },
    async killSupervisor() {
      child.kill('SIGKILL')
      await until('the supervisor is gone', () => child.signalCode !== null)
    },
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      try {
        await until('the supervisor ends', () => child.exitCode !== null || child.signalCode !== null)
        expect({ code: child.exitCode, signal: child.signalCode }, printed()).toEqual({ code: 0, signal: null })
        expect(processesOf(stateDir)).toEqual([])
      } finally {
        for (const pid of processesOf(stateDir)) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
        if (child.exitCode === null) child.kill('SIGKILL')
        rmSync(home, { recursive: true, force: true })
      }
    },
  }
  return instance
}

function collectOutput(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return () => text
}
