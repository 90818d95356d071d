import { readdir, readFile, readlink } from 'node:fs/promises'

/** The process that listens on a TCP port. */
export interface PortHolder {
  readonly pid: number
  /** Its command line, arguments separated by spaces. */
  readonly command: string
}

const LISTEN = '0A'

/**
 * Who listens on a local TCP port, from /proc/net/tcp{,6} and /proc/<pid>/fd (proc(5)). Undefined where /proc does not
 * exist, or when the holder belongs to another user and this process may not look.
 */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readOrEmpty))
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)))
  if (inodes.size === 0) return undefined
  const pid = await ownerOf(inodes)
  return pid === undefined ? undefined : { pid, command: await commandOf(pid) }
}

/** `port 8080 is taken by pid 123 (nc -l 8080)`. */
export async function describePortHolder(port: number): Promise<string> {
  const holder = await portHolder(port)
  return holder ? `port ${port} is taken by pid ${holder.pid} (${holder.command})` : `port ${port} is taken`
}

/** Command line of a process with spaces between the arguments; `?` when it cannot be read. */
export async function commandOf(pid: number): Promise<string> {
  const text = await readOrEmpty(`/proc/${pid}/cmdline`)
  return text.replaceAll('\0', ' ').trim() || '?'
}

/** Inodes of listening sockets in the text of /proc/net/tcp: `sl local rem st tx:rx tr:when retrnsmt uid timeout inode`. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTEN && fields[9] !== undefined)
    .map((fields) => fields[9] as string)
}

async function ownerOf(inodes: ReadonlySet<string>): Promise<number | undefined> {
  const names = new Set([...inodes].map((inode) => `socket:[${inode}]`))
  for (const pid of await listOrEmpty('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of await listOrEmpty(`/proc/${pid}/fd`)) {
      // A descriptor may be closed between listing and reading it.
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (names.has(target)) return Number(pid)
    }
  }
  return undefined
}

// Missing /proc, vanished processes and other users' processes all mean: nothing to be seen here.
const readOrEmpty = (path: string) => readFile(path, 'utf8').catch(() => '')
const listOrEmpty = (path: string) => readdir(path).catch(() => [] as string[])
