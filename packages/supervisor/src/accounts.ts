import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Role } from '@imgsvc/core/process'

/** Whom a process runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** By role; a role that is missing runs as this process. */
export type Accounts = Readonly<Partial<Record<Role, Account>>>

/** The data bases of users and groups; `getent` also knows those of a directory service. */
export type Lookup = (database: 'passwd' | 'group', key: string) => readonly string[] | undefined

const GETENT_MS = 5000

/** Looks up /etc/passwd or /etc/group by name or number, then asks `getent`. */
export const systemLookup: Lookup = (database, key) =>
  entryOf(readText(`/etc/${database}`), key) ?? entryOf(askGetent(database, key), key)

/**
 * Users and groups of the configuration as numbers. Throws CONFIG_INVALID when one does not exist, when they cannot be
 * had, and when workers and balancers could not share the state directory.
 */
export function accountsOf(config: Config, lookup: Lookup = systemLookup, ownUid = process.geteuid?.()): Accounts {
  const worker = accountOf('workers', config.workers, lookup, ownUid)
  const balancer = accountOf('balancer', config.balancer, lookup, ownUid)
  if (worker && balancer && worker.gid !== balancer.gid) {
    throw new ImgsvcError(
      'CONFIG_INVALID',
      `workers and balancers have the groups ${worker.gid} and ${balancer.gid}, but both need the files of the state directory; set balancer.group to that of the workers`,
    )
  }
  return { ...(worker && { worker }), ...(balancer && { balancer }) }
}

function accountOf(
  section: 'workers' | 'balancer',
  { user, group }: Config['workers' | 'balancer'],
  lookup: Lookup,
  ownUid: number | undefined,
): Account | undefined {
  if (user === '' && group === '') return undefined
  const fail = (detail: string) => new ImgsvcError('CONFIG_INVALID', `${section}.${detail}`)
  if (user === '') throw fail(`group needs ${section}.user as well`)
  if (ownUid !== 0)
    throw fail(`user "${user}" needs a supervisor that runs as root; leave it out, or start imgsvc as root`)
  const entry = lookup('passwd', user)
  const number = numberOf(user)
  if (!entry && number === undefined) throw fail(`user: there is no user "${user}" on this machine`)
  if (!entry && group === '')
    throw fail(`user: there is no user ${user} on this machine, so ${section}.group is needed`)
  return { uid: Number(entry?.[2] ?? number), gid: group === '' ? Number(entry?.[3]) : gidOf(group, lookup, fail) }
}

function gidOf(group: string, lookup: Lookup, fail: (detail: string) => ImgsvcError): number {
  const gid = numberOf(group) ?? numberOf(lookup('group', group)?.[2] ?? '')
  if (gid === undefined) throw fail(`group: there is no group "${group}" on this machine`)
  return gid
}

function numberOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** passwd(5) and group(5): name, password, number, … */
function entryOf(text: string, key: string): readonly string[] | undefined {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name, , number]) => name === key || number === key)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // a system without it: getent knows another place, or nobody does
  }
}

function askGetent(database: string, key: string): string {
  try {
    return execFileSync('getent', [database, key], { encoding: 'utf8', timeout: GETENT_MS, stdio: 'pipe' })
  } catch {
    return '' // exit code 2: unknown; ENOENT: no such program on this system
  }
}
