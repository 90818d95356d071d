import { distinctSettings } from './names.ts'
import { canonicalJson } from './resolved.ts'
import type { Config } from './schema.ts'
import { valueAt } from './schema-node.ts'

/** What differs between two configurations, as setting paths in the order of the schema. Lists count as one value. */
export interface ConfigDiff {
  readonly changed: readonly string[]
  /** Those a running process takes over. */
  readonly live: readonly string[]
  /** Those that need processes restarted. */
  readonly needRestart: readonly string[]
}

/** Compares two configurations. */
export function diffConfig(old: Config, next: Config): ConfigDiff {
  const settings = distinctSettings().filter(({ path }) => !path.includes('[]'))
  const isChanged = (path: string) => canonical(old, path) !== canonical(next, path)
  const changed = settings.filter(({ path }) => isChanged(path))
  const pathsOf = (reload: 'live' | 'restart') =>
    changed.filter(({ meta }) => meta.reload === reload).map(({ path }) => path)
  return { changed: changed.map(({ path }) => path), live: pathsOf('live'), needRestart: pathsOf('restart') }
}

function canonical(config: Config, path: string): string | undefined {
  return canonicalJson(valueAt(config, path.split('.')))
}
