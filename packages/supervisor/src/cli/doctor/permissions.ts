import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'
import type { FileFacts } from './system.ts'

const CHECK = 'permissions'
const OTHERS = 0o077

/** Do state directory, sockets and key belong to this user, and to nobody else? */
export function checkPermissions(patient: Patient): readonly Finding[] {
  const { paths, system } = patient
  const root = system.stat(paths.root)
  if (root === 'missing') return [ok(CHECK, `${paths.root} does not exist yet; \`imgsvc up\` makes it`)]
  if (root === 'forbidden') {
    return [fail(CHECK, `${paths.root} is behind a directory this user may not enter`, 'run as its owner')]
  }
  if (root.kind !== 'directory') return [fail(CHECK, `${paths.root} is no directory`, 'choose another: --state-dir')]
  const foreign = notOurs(patient, paths.root, root)
  if (foreign) return [foreign]
  const findings = [
    // The root may be entered by others: what matters lies in `run`.
    ...closed(patient, paths.run, 'directory'),
    ...closed(patient, paths.supervisorSocket, 'socket'),
    ...closed(patient, paths.key, 'file'),
    ...closed(patient, paths.config, 'file'),
    ...writable(root, paths.root),
  ]
  return findings.length > 0
    ? findings
    : [ok(CHECK, `${paths.root}: directory, socket, key and configuration are closed`)]
}

function notOurs({ uid, paths }: Patient, path: string, facts: FileFacts): Finding | undefined {
  if (uid === undefined || facts.uid === uid) return undefined
  const what = `${path} belongs to uid ${facts.uid}, this is uid ${uid}`
  // Root sees everything, but what it writes there the owner cannot replace.
  if (uid === 0) return warn(CHECK, what, `run imgsvc as that user: sudo -u '#${facts.uid}' imgsvc …`)
  return fail(
    CHECK,
    what,
    `run as that user: sudo -u '#${facts.uid}' imgsvc …, or choose another: --state-dir (not ${paths.root})`,
  )
}

function closed(patient: Patient, path: string, kind: FileFacts['kind']): readonly Finding[] {
  const facts = patient.system.stat(path)
  if (typeof facts === 'string') return [] // not made yet
  const foreign = notOurs(patient, path, facts)
  if (foreign) return [foreign]
  if (facts.kind !== kind) {
    return [fail(CHECK, `${path} is no ${kind}`, `remove it; \`imgsvc up\` makes it again`)]
  }
  if ((facts.mode & OTHERS) === 0) return []
  const mode = facts.mode.toString(8).padStart(4, '0')
  const right = kind === 'directory' ? '0700' : '0600'
  return [fail(CHECK, `${path} is open to other users (mode ${mode})`, `chmod ${right} ${path}`)]
}

function writable({ mode }: FileFacts, path: string): readonly Finding[] {
  if ((mode & 0o022) === 0) return []
  return [fail(CHECK, `${path} can be written by other users (mode ${mode.toString(8)})`, `chmod go-w ${path}`)]
}
