import { formatHostPort } from '@imgsvc/core/config/setting'
import { portHolder } from '../../port-holder.ts'
import { type NeededPort, neededPorts, tryListen } from '../../ports.ts'
import { workerCount } from '../../process/roles.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'

const CHECK = 'ports'

/** Is every port free, or held by this instance? */
export async function checkListening(patient: Patient): Promise<readonly Finding[]> {
  const { config } = patient
  if (!config) return []
  const ports = neededPorts(config, workerCount(config)).filter(({ address }) => address.port > 0)
  const findings = await Promise.all(ports.map((port) => checkPort(port, patient)))
  const good = findings.filter(({ level }) => level === 'ok')
  const others = findings.filter(({ level }) => level !== 'ok')
  if (others.length > 0 || good.length === 0) return others
  return [ok(CHECK, good.map(({ what }) => what).join(', '))]
}

async function checkPort({ address, what, flag }: NeededPort, patient: Patient): Promise<Finding> {
  const { port } = address
  const name = `${what} (${formatHostPort(address)})`
  const error = await tryListen(address)
  if (!error) return ok(CHECK, `${port} is free`)
  if (error.code !== 'EADDRINUSE') {
    const hint = error.code === 'EACCES' ? 'ports below 1024 need CAP_NET_BIND_SERVICE or root; or ' : ''
    return fail(CHECK, `${name} cannot be bound: ${error.message}`, `${hint}change ${flag}`)
  }
  const holder = await portHolder(port)
  if (!holder) {
    if (patient.supervisor.alive) return ok(CHECK, `${port} is taken, by whom cannot be seen as this user`)
    return warn(CHECK, `${name} is taken by a process this user may not see`, `stop it, or change ${flag}`)
  }
  if (ownPids(patient).has(holder.pid)) return ok(CHECK, `${port} is ours`)
  return fail(CHECK, `${name} is taken by pid ${holder.pid} (${holder.command})`, `stop it, or change ${flag}`)
}

function ownPids({ supervisor, children }: Patient): ReadonlySet<number> {
  const { info, record, alive, processes } = supervisor
  const pids = [info?.pid, alive ? record?.pid : undefined, ...processes.map(({ pid }) => pid)]
  const living = children.filter((child) => child.alive).map((child) => child.record.pid)
  return new Set([...pids, ...living].filter((pid) => typeof pid === 'number'))
}
