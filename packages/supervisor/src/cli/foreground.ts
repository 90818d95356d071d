import { ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import { signedUrl } from '@imgsvc/core/url/signer'
import type { RunningSupervisor, SupervisorOptions } from '../supervisor-options.ts'
import { createControlClient } from './client.ts'
import type { ConfigSource } from './config-source.ts'
import type { Cli } from './context.ts'
import { SAMPLE_PICTURE } from './default-config.ts'
import { reportStart } from './detach.ts'
import { errorLines } from './error-lines.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { seconds } from './format.ts'
import { readyLines } from './ready-lines.ts'
import { keyText } from './signing-key.ts'
import { chosenPaths, defaultStateDir } from './state-dir.ts'

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
  /** A detaching command waits for the outcome. */
  readonly reports: boolean
}

/**
 * Runs the supervisor in this process until it has stopped. Resolves to the exit code: 0 after a graceful stop,
 * 7 when a process could not start, 1 for every other reason.
 */
export async function runInForeground(options: ForegroundOptions): Promise<number> {
  const { cli, reports } = options
  try {
    const running = await options.runSupervisor({
      stateDir: options.stateDir,
      load: options.source.load,
      version: cli.version,
      print: cli.out.line,
      env: cli.env,
    })
    await untilReady(running, options)
    const reason = await running.stopped
    if (reason.kind === 'failed') throw reason.error
    return EXIT.ok
  } catch (error) {
    const lines = errorLines(error)
    const code = exitCodeOf(toImgsvcError(error).code)
    for (const line of lines) cli.out.error(line)
    if (reports) await reportStart({ kind: 'failed', lines, code: code || EXIT.generic })
    return code
  }
}

/** Says that the service is ready, or stops everything and throws why it is not. Returns early when it was told to stop. */
async function untilReady(running: RunningSupervisor, options: ForegroundOptions): Promise<void> {
  const { cli, reports, timeoutMs } = options
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
  if (reports) await reportStart({ kind: 'ready', lines })
}

async function describeReady(running: RunningSupervisor, options: ForegroundOptions): Promise<readonly string[]> {
  const { cli, stateDir, ownsSample, source, reports } = options
  const config = running.config()
  const path = `300x200/smart/${SAMPLE_PICTURE}`
  return readyLines({
    config,
    stateDir,
    version: cli.version,
    configFile: source.file,
    picture: ownsSample ? signedUrl(path, await keyText(config.security.key, cli)) : undefined,
    detached: reports,
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
