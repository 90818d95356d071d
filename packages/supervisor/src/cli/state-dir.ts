import { join, resolve } from 'node:path'
import { type StatePaths, statePaths } from '@imgsvc/core/state-dir'
import type { Cli } from './context.ts'

/**
 * The state directory, absolute: the flag, else IMGSVC_STATE_DIR, else /var/lib/imgsvc for root, else
 * $XDG_STATE_HOME/imgsvc (~/.local/state/imgsvc).
 */
export function chooseStateDir(flag: string | undefined, cli: Pick<Cli, 'env' | 'cwd' | 'home' | 'uid'>): string {
  const given = flag || cli.env.IMGSVC_STATE_DIR
  return given ? resolve(cli.cwd, given) : defaultStateDir(cli)
}

/** The state directory when neither flag nor environment names one. */
export function defaultStateDir({ env, home, uid }: Pick<Cli, 'env' | 'home' | 'uid'>): string {
  if (uid === 0) return '/var/lib/imgsvc'
  // The XDG specification has relative values ignored.
  const base = env.XDG_STATE_HOME?.startsWith('/') ? env.XDG_STATE_HOME : join(home, '.local', 'state')
  return join(base, 'imgsvc')
}

/** Paths below the chosen state directory. Throws STATE_DIR_UNUSABLE when its name is too long. */
export function chosenPaths(flag: string | undefined, cli: Cli): StatePaths {
  return statePaths(chooseStateDir(flag, cli))
}
