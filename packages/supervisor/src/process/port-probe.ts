import { readdir, readFile, readlink } from 'node:fs/promises'
import { get } from 'node:http'
import { listeningInodes } from '../port-holder.ts'

export interface PortProbe {
  readonly pid: number
  /** On 127.0.0.1. */
  readonly port: number
  /** Answers 200 when the process takes requests. */
  readonly path: string
}

const ANSWER_MS = 1000

/**
 * Does this very process listen on its port and answer there? The kernel tells whose socket it is, so that a stranger's
 * server on the port never passes; without /proc the answer alone has to do. Never rejects.
 */
export async function probePort({ pid, port, path }: PortProbe, signal: AbortSignal): Promise<boolean> {
  return (await holds(pid, port)) !== false && (await answers(port, path, signal))
}

async function holds(pid: number, port: number): Promise<boolean | undefined> {
  const tables = await Promise.all(
    // A system without IPv6 has no second table.
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  if (tables.every((table) => table === '')) return undefined
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`))
  const directory = `/proc/${pid}/fd`
  for (const fd of await readdir(directory).catch(() => [])) {
    // A descriptor may be closed between listing and reading it.
    if (sockets.has(await readlink(`${directory}/${fd}`).catch(() => ''))) return true
  }
  return false
}

function answers(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, signal, timeout: ANSWER_MS }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false))
  })
}
