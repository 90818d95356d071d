import { readdirSync, readFileSync } from 'node:fs'

/** The state letter of a process in /proc (R, S, T stopped, Z zombie …); undefined when there is none. */
export function processState(pid: number): string | undefined {
  return statFields(pid)?.[0]
}

/** Is there a process of this pid that is no zombie? */
export function isAlive(pid: number): boolean {
  const state = processState(pid)
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Resident memory of a process, bytes; 0 when it is gone. */
export function rssOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`${pid}/status`))?.[1]
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024
}

/** CPU time a process has used, ms (clock ticks of 10 ms); 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  const fields = statFields(pid)
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) * 10
}

/** CPU time the whole machine has spent on anything but idling, ms (proc(5), /proc/stat: fields 4 and 5 are idle). */
export function machineCpuMs(): number {
  const [, ...fields] = (read('stat').split('\n', 1)[0] ?? '').split(/\s+/).map(Number)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields
  return (user + nice + system + irq + softirq + steal) * 10
}

/** Zombies whose parent is one of these processes. */
export function zombiesOf(parents: readonly number[]): readonly number[] {
  return allPids().filter((pid) => {
    const fields = statFields(pid)
    return fields?.[0] === 'Z' && parents.includes(Number(fields[1]))
  })
}

/** Processes at work for a state directory: named by their environment or command line; not this one. */
export function processesOf(stateDir: string): readonly number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid || !isAlive(pid)) return false
    return read(`${pid}/environ`).includes(`=${stateDir}\0`) || read(`${pid}/cmdline`).includes(stateDir)
  })
}

/** Kills every process at work for a state directory, twice, for one may just have started another. */
export function killAll(stateDir: string): void {
  for (let round = 0; round < 2; round += 1) {
    for (const pid of processesOf(stateDir)) signal(pid, 'SIGKILL')
  }
}

/** Sends a signal; false when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Connections of a local port that the kernel keeps in TIME_WAIT (proc(5), /proc/net/tcp, state 06). */
export function timeWaits(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  return read('net/tcp')
    .split('\n')
    .filter((line) => {
      const [, address = '', , state] = line.trim().split(/\s+/)
      return `${address} `.endsWith(local) && state === '06'
    }).length
}

/** Fields of /proc/<pid>/stat from field 3 on. The name before them may hold spaces and `)` itself. */
function statFields(pid: number): readonly string[] | undefined {
  const text = read(`${pid}/stat`)
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function read(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'latin1')
  } catch {
    return '' // it has just ended, or belongs to somebody else
  }
}
