import type { Argv } from 'yargs'
import { once, type Typed, wholeNumber } from './numbers.ts'

/** The flag that names the configuration file. */
export function withConfigFile<A>(yargs: Argv<A>) {
  return yargs.option('config', {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'Configuration file [env: IMGSVC_CONFIG] [default: ./imgsvc.yaml, /etc/imgsvc/imgsvc.yaml, built-in]',
  })
}

/** The flag that overrides any setting. */
export function withSet<A>(yargs: Argv<A>) {
  return yargs.option('set', {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Override a setting, such as images.quality=75; may be repeated',
    coerce: (given: readonly string[]) => {
      for (const text of given) requireAssignment(text)
      return given
    },
  })
}

/** Flags of the settings that people change most when they start imgsvc. */
export function withSettings<A>(yargs: Argv<A>) {
  return withSet(yargs)
    .option('listen', {
      type: 'string',
      requiresArg: true,
      describe: 'Public address, HOST:PORT [default: 0.0.0.0:8080]',
    })
    .option('workers', {
      type: 'string',
      requiresArg: true,
      describe: 'Number of workers, or auto [default: auto]',
      coerce: workerCount,
    })
    .option('worker-port', {
      type: 'string',
      requiresArg: true,
      describe: 'Port of worker:0; the others follow [default: 8000]',
      coerce: (typed: Typed) => (typed === undefined ? typed : wholeNumber('--worker-port', 1, 65_535)(typed)),
    })
    .option('admin', {
      type: 'string',
      requiresArg: true,
      describe: 'Admin address, HOST:PORT [default: 127.0.0.1:9001]',
    })
    .option('root', { type: 'string', requiresArg: true, describe: 'Directory of the originals, for the file source' })
}

function requireAssignment(text: string): void {
  if (/^[A-Za-z][\w.-]*=/.test(text)) return
  throw new Error(`--set: expected SETTING=VALUE such as images.quality=75, got "${text}"`)
}

function workerCount(typed: Typed): string | undefined {
  const text = once('--workers', typed)
  return text === undefined || text === 'auto' ? text : String(wholeNumber('--workers', 1, 256)(text))
}
