import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'

const INITS =
  /^(systemd|init|tini|dumb-init|docker-init|catatonit|runit|s6-svscan|openrc-init|podman-init|launchd|imgsvc-init)$/

/** Does it run, and what has an earlier one left behind? */
export function checkInstance({ supervisor, children, paths }: Patient): readonly Finding[] {
  const { record, alive, info, processes } = supervisor
  const living = children.filter((child) => child.alive)
  const stale = children.filter((child) => !child.alive).map(({ record: { id, pid } }) => `${id} (pid ${pid})`)
  const findings: Finding[] = []
  if (info) {
    const bad = processes.filter(({ state }) => state !== 'RUNNING' && state !== 'STOPPED')
    findings.push(ok('instance', `runs: pid ${info.pid}, version ${info.version}, ${processes.length} processes`))
    for (const { id, state, reason } of bad) {
      findings.push(fail('instance', `${id} is ${state}${reason === null ? '' : `: ${reason}`}`, 'imgsvc crashes last'))
    }
  } else if (alive && record) {
    findings.push(
      fail('instance', `pid ${record.pid} lives but does not answer on ${paths.supervisorSocket}`, silent(record.pid)),
    )
  } else if (living.length > 0) {
    const names = living.map((child) => child.record.id).join(', ')
    findings.push(warn('instance', `${names} serve without a supervisor`, '`imgsvc up` adopts them'))
  } else findings.push(ok('instance', 'does not run'))
  if (!alive && record) {
    const what = `${paths.supervisorPid} names pid ${record.pid}, which is gone`
    findings.push(warn('stale files', what, 'nothing: the next `imgsvc up` replaces it'))
  }
  if (stale.length > 0 && !info) {
    const what = `run files of processes that are gone: ${stale.join(', ')}`
    findings.push(warn('stale files', what, 'nothing: the next `imgsvc up` removes them'))
  } else if (!record || alive) findings.push(ok('stale files', 'none'))
  return findings
}

function silent(pid: number): string {
  return `the processes go on serving; when it stays so: kill -9 ${pid}, then \`imgsvc up\` adopts them`
}

/** As PID 1 of a container it cannot be survived: the kernel ends all the others with it. */
export function checkPidOne({ supervisor, system }: Patient): readonly Finding[] {
  const check = 'pid 1'
  if (supervisor.info?.pid === 1) {
    return [
      warn(
        check,
        'the supervisor is PID 1: when it dies the kernel ends every process, and nothing can be adopted',
        'let the container be restarted by its runtime, or start it with `imgsvc-init up` (or docker run --init)',
      ),
    ]
  }
  const name = system.read('/proc/1/comm')?.trim()
  if (name === undefined) return [ok(check, 'cannot be seen here')]
  if (INITS.test(name)) return [ok(check, `is ${name}`)]
  return [ok(check, `is ${name}, no init that is known: defunct processes may pile up (docker run --init)`)]
}
