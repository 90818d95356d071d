import { defineCommand } from '../command.ts'
import { type ConfigFlags, configSource } from '../config-source.ts'
import { startDetached } from '../detach.ts'
import { runInForeground } from '../foreground.ts'
import { chooseStateDir } from '../state-dir.ts'
import { createSuccession } from '../succession.ts'
import { withConfigFile, withSettings } from './config-flags.ts'
import { secondsAsMs } from './numbers.ts'
import { withStateDir } from './selection.ts'

/** A detached start has somebody waiting for it, who is told after this long, ms. */
const DETACHED_TIMEOUT_MS = 60_000
const REPORT = '--report-start'

/** `imgsvc up`: runs the service until it is stopped, or starts it in the background. */
export const up = defineCommand({
  command: 'up',
  describe: 'Start the service; in the foreground unless --detach',
  build: (yargs) =>
    withSettings(withConfigFile(withStateDir(yargs)))
      .option('detach', { alias: 'd', type: 'boolean', default: false, describe: 'Return once the service is ready' })
      .option('timeout', {
        type: 'string',
        requiresArg: true,
        describe: 'Give up when not ready after this many seconds [default: 60 with --detach, else none]',
        coerce: secondsAsMs('--timeout'),
      })
      .option('report-start', { type: 'boolean', default: false, hidden: true })
      .option('heir', { type: 'boolean', default: false, hidden: true })
      .example('$0 up', 'the sample photographs on http://127.0.0.1:8080')
      .example('$0 up --root ./photos --workers 4', 'your photographs, four workers')
      .example('$0 up --config /etc/imgsvc/imgsvc.yaml --detach', 'in the background'),
  run: async (args, cli) => {
    const stateDir = chooseStateDir(args.stateDir, cli)
    if (args.detach) return startDetached(detachedArguments(args, stateDir), stateDir, cli)
    const source = await configSource(args, stateDir, cli)
    const ownsSample = source.file === undefined && args.root === undefined && !args.set?.some(isAboutSources)
    // Loads node:cluster and prom-client, which no other command needs.
    const { runSupervisor } = await import('../../main.ts')
    const succession = createSuccession({
      cli,
      args: [...settingArguments({ ...args, config: source.file }, stateDir), ...(args.reportStart ? [REPORT] : [])],
      stays: !args.reportStart,
    })
    const foreground = { runSupervisor, source, stateDir, cli, ownsSample, timeoutMs: args.timeout, succession }
    if (!args.heir) return runInForeground({ ...foreground, start: args.reportStart ? 'detached' : 'terminal' })
    return runInForeground({ ...foreground, start: 'heir' })
  },
})

interface DetachableArguments extends ConfigFlags {
  readonly timeout?: number | undefined
}

/** The command line of the detached process: the same flags, the state directory spelt out. */
export function detachedArguments(args: DetachableArguments, stateDir: string): readonly string[] {
  return [...settingArguments(args, stateDir), `--timeout=${(args.timeout ?? DETACHED_TIMEOUT_MS) / 1000}`]
}

/** The flags that say where the service is and how it is configured. */
function settingArguments(args: ConfigFlags, stateDir: string): readonly string[] {
  const flags: readonly (readonly [string, string | number | undefined])[] = [
    ['state-dir', stateDir],
    ['config', args.config],
    ['listen', args.listen],
    ['workers', args.workers],
    ['worker-port', args.workerPort],
    ['admin', args.admin],
    ['root', args.root],
    ...(args.set ?? []).map((text) => ['set', text] as const),
  ]
  return flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
}

const isAboutSources = (text: string) => text.startsWith('sources')
