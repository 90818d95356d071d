import { ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import { signedUrl } from '@imgsvc/core/url/signer'
import type { RunningSupervisor, StopReason, SupervisorOptions } from '../supervisor-options.ts'
import { createControlClient } from './client.ts'
import type { ConfigSource } from './config-source.ts'
import type { Cli } from './context.ts'
import { SAMPLE_PICTURE } from './default-config.ts'
import { reportStart } from './detach.ts'
import { errorLines } from './error-lines.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { seconds } from './format.ts'
import { awaitTurn, type HeirReport } from './heir.ts'
import { readyLines } from './ready-lines.ts'
import { keyText } from './signing-key.ts'
import { chosenPaths, defaultStateDir } from './state-dir.ts'
import type { OwnSuccession } from './succession.ts'

export interface ForegroundOptions {
  readonly runSupervisor: (options: SupervisorOptions) => Promise<RunningSupervisor>
  readonly source: ConfigSource
  /** Absolute. */
  readonly stateDir: string
  readonly cli: Cli
  /** The sample photographs are being served, so a URL of one can be shown. */
  readonly ownsSample: boolean
  /** Give up when not ready by then; undefined waits for ever. */
  readonly timeoutMs: number | undefined
  /**
   * Who started this process: somebody at a `terminal`, a command that waits for a `detached` start, or a supervisor
   * whose `heir` this is.
   */
  readonly start: 'terminal' | 'detached' | 'heir'
  readonly succession: OwnSuccession
}

/**
 * Runs the supervisor in this process until it has stopped, or until its successor has. Resolves to the exit code: 0
 * after a graceful stop, 7 when a process could not start, 1 for every other reason.
 */
export async function runInForeground(options: ForegroundOptions): Promise<number> {
  const { cli, start } = options
  try {
    if (start === 'heir') await awaitTurn(await loadAhead(options))
    for (;;) {
      const reason = await runOnce(options)
      if (reason.kind === 'failed') throw reason.error
      if (reason.kind !== 'handover') return EXIT.ok
      const code = await options.succession.handOver()
      if (code !== undefined) return code
      cli.out.error('imgsvc: the new supervisor failed; this one takes the service back')
    }
  } catch (error) {
    const lines = errorLines(error)
    const code = exitCodeOf(toImgsvcError(error).code)
    for (const line of lines) cli.out.error(line)
    if (start !== 'terminal') await reportStart({ kind: 'failed', lines, code: code || EXIT.generic })
    return code
  }
}

async function runOnce(options: ForegroundOptions): Promise<StopReason> {
  const { cli } = options
  const running = await options.runSupervisor({
    stateDir: options.stateDir,
    load: options.source.load,
    version: cli.version,
    print: cli.out.line,
    env: cli.env,
    succession: options.succession,
  })
  await untilReady(running, options)
  return running.stopped
}

/** Everything that can fail before the other supervisor has left does so here. */
async function loadAhead({ source, cli }: ForegroundOptions): Promise<HeirReport> {
  source.load()
  const { builtRoles } = await import('../process/roles.ts')
  return { kind: 'heir', version: cli.version, roles: builtRoles() }
}

/** Says that the service is ready, or stops everything and throws why it is not. Returns early when it was told to stop. */
async function untilReady(running: RunningSupervisor, options: ForegroundOptions): Promise<void> {
  const { cli, start, timeoutMs } = options
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs, 'late')
  })
  try {
    const first = await Promise.race([
      running.ready.then(() => 'ready' as const),
      running.stopped.then(() => 'stopped'),
      late,
    ])
    if (first === 'late') throw await lateness(options, timeoutMs as number)
    if (first !== 'ready') return
  } catch (error) {
    await running.stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
  const lines = await describeReady(running, options)
  for (const line of lines) cli.out.line(line)
  if (start !== 'terminal') await reportStart({ kind: 'ready', lines })
}

async function describeReady(running: RunningSupervisor, options: ForegroundOptions): Promise<readonly string[]> {
  const { cli, stateDir, ownsSample, source, start } = options
  if (start === 'heir') return [`imgsvc ${cli.version} has taken over (pid ${running.info().pid})`]
  const config = running.config()
  const path = `300x200/smart/${SAMPLE_PICTURE}`
  return readyLines({
    config,
    stateDir,
    version: cli.version,
    configFile: source.file,
    picture: ownsSample ? signedUrl(path, await keyText(config.security.key, cli)) : undefined,
    detached: start === 'detached',
    // npm and npx say so in the environment of what they run.
    command: cli.env.npm_lifecycle_event === undefined ? 'imgsvc' : 'npx imgsvc',
    stateFlag: stateDir === defaultStateDir(cli) ? '' : ` --state-dir ${stateDir}`,
  })
}

/** Why it takes so long, from the processes that are not running. */
async function lateness({ stateDir, cli }: ForegroundOptions, timeoutMs: number): Promise<ImgsvcError> {
  const client = createControlClient(chosenPaths(stateDir, cli).supervisorSocket)
  const processes = await client.call('process.list', {}).catch(() => [])
  const waiting = processes.filter(({ state }) => state !== 'RUNNING')
  const detail = waiting
    .map(({ id, state, reason }) => `${id} ${state}${reason === null ? '' : ` (${reason})`}`)
    .join(', ')
  return new ImgsvcError('PROCESS_FAILED', `not ready after ${seconds(timeoutMs)}${detail === '' ? '' : `: ${detail}`}`)
}
