import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Override } from '@imgsvc/core/config/overrides'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { LoadedConfig } from '../supervisor-options.ts'
import type { Cli } from './context.ts'
import { defaultConfig } from './default-config.ts'

/** The flags that say which configuration is meant and what to change in it. */
export interface ConfigFlags {
  readonly config?: string | undefined
  readonly listen?: string | undefined
  readonly workers?: string | undefined
  readonly workerPort?: number | undefined
  readonly admin?: string | undefined
  /** Directory that takes the place of the file source's root. */
  readonly root?: string | undefined
  /** `a.b=value`, each. */
  readonly set?: readonly string[] | undefined
}

/** Where the configuration comes from, and how to read it (again). */
export interface ConfigSource {
  /** Absolute path; undefined with the embedded default. */
  readonly file: string | undefined
  /** Throws CONFIG_INVALID, CONFIG_UNREADABLE. */
  readonly load: () => LoadedConfig
}

const FILE_NAME = 'imgsvc.yaml'

/**
 * The configuration file: --config, else IMGSVC_CONFIG, else ./imgsvc.yaml, else /etc/imgsvc/imgsvc.yaml; undefined
 * when none of the latter two exists.
 */
export function chooseConfigFile(flag: string | undefined, { env, cwd }: Pick<Cli, 'env' | 'cwd'>): string | undefined {
  const given = flag || env.IMGSVC_CONFIG
  if (given) return resolve(cwd, given)
  return [join(cwd, FILE_NAME), join('/etc/imgsvc', FILE_NAME)].find((path) => existsSync(path))
}

/** Finds the configuration and prepares to load it: defaults ← file ← environment ← flags. */
export async function configSource(flags: ConfigFlags, stateDir: string, cli: Cli): Promise<ConfigSource> {
  // The schema costs some 50 ms to load, which commands without a configuration need not pay.
  const { loadConfig } = await import('@imgsvc/core/config/load')
  const { parseSet } = await import('@imgsvc/core/config/overrides')
  const file = chooseConfigFile(flags.config, cli)
  const loadWith = (overrides: readonly Override[]) =>
    loadConfig({
      ...(file === undefined ? { defaults: defaultConfig(stateDir) } : { file }),
      env: cli.env,
      flags: overrides,
      base: cli.cwd,
    })
  const load = () => {
    // `--set` comes last, as the more particular wish.
    const overrides = [...flagOverrides(flags), ...(flags.set ?? []).map(parseSet)]
    if (flags.root === undefined) return loadWith(overrides)
    // Which of the sources is meant is only known once the file is read, and may change with it.
    const index = loadWith(overrides).config.sources.findIndex(({ type }) => type === 'file')
    if (index === -1) throw new ImgsvcError('CONFIG_INVALID', '--root: the configuration has no source of type file')
    const root = { path: `sources.${index}.root`, text: resolve(cli.cwd, flags.root), flag: '--root' }
    return loadWith([...overrides, root])
  }
  return { file, load }
}

/** The flags that have a name of their own, as settings. */
function flagOverrides(flags: ConfigFlags): readonly Override[] {
  const named: readonly (readonly [flag: string, path: string, value: string | number | undefined])[] = [
    ['--listen', 'listen', flags.listen],
    ['--workers', 'workers.count', flags.workers],
    ['--worker-port', 'workers.basePort', flags.workerPort],
    ['--admin', 'admin.listen', flags.admin],
  ]
  return named.flatMap(([flag, path, value]) => (value === undefined ? [] : [{ flag, path, text: String(value) }]))
}
