import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Server } from 'node:http'
import type { SiblingProgram } from '@imgsvc/core/child-control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { kernelStartTime } from '@imgsvc/core/run-file'

/** Where the socket is in the new process, behind stdin, stdout and stderr. */
const LISTEN_FD = 3

/**
 * Starts another balancer that inherits the listening socket of this one. A supervisor that has adopted balancers cannot
 * share that socket with children of its own (node:cluster knows only sockets it has opened), and two sockets cannot be
 * bound to one port, at least before Node 22.12. Throws PROCESS_FAILED.
 */
export function spawnSibling(
  { entry, args, env, stderrFile }: SiblingProgram,
  server: Server,
  ownEnv: NodeJS.ProcessEnv,
): { readonly pid: number; readonly startTime: string } {
  const output = openOutput(stderrFile)
  try {
    const child = spawn(process.execPath, [entry, ...args], {
      env: { ...ownEnv, ...env, IMGSVC_CHILD_LISTEN_FD: String(LISTEN_FD) },
      stdio: ['ignore', output, output, descriptorOf(server)],
      cwd: '/',
      // It must outlive this process, and whatever is done to its group.
      detached: true,
    })
    // What becomes of it is the supervisor's to see; a failed start shows in the missing pid.
    child.on('error', () => {})
    child.unref()
    if (child.pid === undefined) throw new ImgsvcError('PROCESS_FAILED', 'the system refused to start a process')
    return { pid: child.pid, startTime: kernelStartTime(child.pid) }
  } finally {
    if (output !== 'ignore') closeSync(output)
  }
}

/** Node tells it nowhere in public; http servers have kept it here since there are any. */
function descriptorOf(server: Server): number {
  const fd = (server as unknown as { _handle?: { fd?: number } | null })._handle?.fd
  if (typeof fd === 'number' && fd >= 0) return fd
  throw new ImgsvcError('PROCESS_FAILED', 'this balancer does not listen any more')
}

function openOutput(path: string): number | 'ignore' {
  try {
    return openSync(path, 'a', 0o640)
  } catch {
    return 'ignore' // a full disk must not keep a balancer from being replaced
  }
}
