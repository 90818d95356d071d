import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { fileNameOf, type ProcessId } from '@imgsvc/core/process'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { Account, Accounts } from './accounts.ts'
import { logOf } from './logs/log-name.ts'
import { cacheDirectory, SPARE_OUTPUT } from './process/program.ts'
import { SHARED_MODE } from './state.ts'

/*
 * What processes of other users need, and no more:
 *
 *   state directory     root  0711   may be passed through
 *   run, logs           root  3770   group of the processes; they make files here, but cannot touch those of others
 *   run/config.json     root  0640
 *   security.key        workers 0400
 *   stores, node-cache  the workers' (balancers') own
 */

const PASSAGE = 0o711

/** Gives the directories below the state directory their owners and modes. Throws CONFIG_INVALID, the system's error. */
export function openDirectories(paths: StatePaths, config: Config, accounts: Accounts): void {
  const { logs } = config
  const group = groupOf(accounts)
  if (group === undefined) {
    // As it is without other users, when the last configuration had some.
    if ((statSync(paths.run).mode & 0o7777) === SHARED_MODE)
      for (const dir of [paths.root, paths.run]) chmodSync(dir, 0o700)
    return
  }
  requireOurs(logs.dir, paths)
  for (const [role, account] of Object.entries(accounts)) {
    const { user } = config[role === 'worker' ? 'workers' : 'balancer']
    for (const dir of [paths.root, logs.dir]) requirePassage(dirname(dir), account, user, paths)
  }
  chmodSync(paths.root, PASSAGE)
  for (const shared of [paths.run, logs.dir]) {
    chownSync(shared, 0, group)
    chmodSync(shared, SHARED_MODE)
  }
  if (accounts.worker && lstatSync(paths.key, { throwIfNoEntry: false })?.isFile()) {
    lchownSync(paths.key, accounts.worker.uid, accounts.worker.gid)
    chmodSync(paths.key, 0o400)
  }
  for (const account of Object.values(accounts)) own(cacheDirectory(paths, account), account)
}

/** Mode of settings that processes read. */
export function settingsMode(accounts: Accounts): number {
  return groupOf(accounts) === undefined ? 0o600 : 0o640
}

/**
 * Makes the directories of stores that are missing, for the user of the workers. Throws CONFIG_INVALID for one that is
 * there and that this user cannot write.
 */
export function openStores(config: Config, { worker }: Accounts): void {
  if (!worker) return
  for (const [setting, root] of storeRoots(config)) {
    const found = statSync(root, { throwIfNoEntry: false })
    if (!found) own(root, worker)
    else if (!mayWrite(found, worker)) {
      throw new ImgsvcError(
        'CONFIG_INVALID',
        `${setting}: ${root} cannot be written by ${config.workers.user}; give it to that user with: chown -R ${worker.uid}:${worker.gid} ${root}`,
      )
    }
  }
}

/** Leaves a process what an earlier one of its id has left behind as another user. */
export function handOver(paths: StatePaths, logs: string, id: ProcessId, { uid, gid }: Account): void {
  const files = [paths.socketOf(id), paths.runFileOf(id), paths.hangStackOf(id), join(logs, `${fileNameOf(id)}.log`)]
  for (const file of files) {
    const found = lstatSync(file, { throwIfNoEntry: false })
    // lchown: a link is not followed to somebody else's file.
    if (found && found.uid !== uid) lchownSync(file, uid, gid)
  }
}

function groupOf({ worker, balancer }: Accounts): number | undefined {
  return (worker ?? balancer)?.gid
}

/** Makes a directory, and parents that are missing, or takes it over. */
function own(path: string, { uid, gid }: Account): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o750 }) ?? path
  for (let made = path; made.length >= first.length; made = dirname(made)) chownSync(made, uid, gid)
}

/** Directories of stores wherever they stand in their sections, with the name of the setting. */
function storeRoots({ results, storage, upload }: Config): readonly (readonly [string, string])[] {
  const found = (value: unknown, path: string): (readonly [string, string])[] => {
    if (typeof value !== 'object' || value === null) return []
    const { type, root, ...rest } = value as Readonly<Record<string, unknown>>
    const own = type === 'file' && typeof root === 'string' ? [[`${path}.root`, root] as const] : []
    return [...own, ...Object.entries(rest).flatMap(([name, inner]) => found(inner, `${path}.${name}`))]
  }
  return [...found(results, 'results'), ...found(storage, 'storage'), ...found(upload, 'upload')]
}

/** A directory with files of others is not ours to change. */
function requireOurs(dir: string, paths: StatePaths): void {
  if (dir.startsWith(`${paths.root}/`)) return
  const strange = readdirSync(dir).find((name) => logOf(name) === undefined && name !== SPARE_OUTPUT)
  if (strange === undefined) return
  throw new ImgsvcError(
    'CONFIG_INVALID',
    `logs.dir: ${dir} has files of others (${strange}), so it cannot be given to other users; use a directory of its own`,
  )
}

/** A directory above, which is the operator's to open. */
function requirePassage(dir: string, account: Account, user: string, paths: StatePaths): void {
  // Our own is opened next.
  if (dir !== paths.root && !permits(statSync(dir), account, 1)) {
    throw new ImgsvcError('CONFIG_INVALID', `${dir} cannot be passed through by ${user}, so it finds nothing below it`)
  }
  if (dirname(dir) !== dir) requirePassage(dirname(dir), account, user, paths)
}

function mayWrite(found: Stats, account: Account): boolean {
  return permits(found, account, 3)
}

/** `wanted`: 1 to pass through a directory, 2 to make files in it. */
function permits({ mode, uid, gid }: Stats, account: Account, wanted: number): boolean {
  if (account.uid === 0) return true
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}
