import { mkdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ImgsvcError } from './errors.ts'
import { createRpcHandler, type RpcHandler, type RpcLog, type RpcMethods } from './rpc-handler.ts'

export interface RpcServer {
  /** Stops listening, ends streams, lets calls under way finish (at most 1 s) and removes the socket file. */
  close(): Promise<void>
}

export interface ServeRpcOptions {
  /** Path of the Unix socket. */
  readonly path: string
  readonly methods: RpcMethods
  readonly log?: RpcLog
  /** How often to check that the socket file is still there, ms; default 1000. */
  readonly checkMs?: number
}

const CLOSE_GRACE_MS = 1000
const PROBE_MS = 1000

/**
 * Serves methods on a Unix socket of mode 0600 (wire format: rpc-handler.ts). A file nobody answers on is replaced;
 * when somebody answers, throws ALREADY_RUNNING. When the file disappears it is made again, directory included,
 * so that a process stays reachable after its run directory was removed. Throws STATE_DIR_UNUSABLE.
 */
export async function serveRpc(options: ServeRpcOptions): Promise<RpcServer> {
  const { path, log } = options
  const handler = createRpcHandler(options.methods, log)
  let server = await bind(path, handler, log)
  let inode = inodeOf(path)
  let rebinding: Promise<void> | undefined
  let closed = false

  const rebind = async () => {
    // The old one must go first: closing a Unix socket removes whatever file has its name.
    server.close()
    server.closeIdleConnections()
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      server = await bind(path, handler, log)
      inode = inodeOf(path)
      log?.warn({ path }, 'the control socket had disappeared; made it again')
    } catch (error) {
      log?.warn({ err: error, path }, 'the control socket has disappeared and cannot be made again yet')
    }
  }
  const check = setInterval(() => {
    const now = inodeOf(path)
    // A different inode is somebody else's socket: not ours to fight over.
    if (rebinding || (now !== undefined && inode !== undefined)) return
    rebinding = rebind().finally(() => {
      rebinding = undefined
    })
  }, options.checkMs ?? 1000)
  check.unref()

  return {
    async close() {
      if (closed) return
      closed = true
      clearInterval(check)
      await rebinding
      handler.abort()
      await closeServer(server)
    },
  }
}

async function bind(path: string, handler: RpcHandler, log: RpcLog | undefined): Promise<Server> {
  await removeStale(path)
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    void handler.handle(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'ALREADY_RUNNING' : 'STATE_DIR_UNUSABLE'
      reject(new ImgsvcError(code, `cannot listen on ${path}: ${error.message}`, { cause: error }))
    })
    // The socket must never exist with a wider mode, not even until a chmod. bind(2) happens inside listen().
    const umask = process.umask(0o177)
    try {
      // exclusive: otherwise node:cluster would open it in the primary, and it would die with the primary.
      server.listen({ path, exclusive: true }, resolve)
    } finally {
      process.umask(umask)
    }
  })
  server.removeAllListeners('error')
  // Failing accepts (EMFILE) pass; the socket stays open.
  server.on('error', (error) => log?.warn({ err: error, path }, 'the control socket reported an error'))
  return server
}

/** Throws ALREADY_RUNNING when a process answers on this socket; removes the file when none does. */
async function removeStale(path: string): Promise<void> {
  if (inodeOf(path) === undefined) return
  if (await answers(path)) throw new ImgsvcError('ALREADY_RUNNING', `another process answers on ${path}`)
  rmSync(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const done = (alive: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(alive)
    }
    // Neither refused nor accepted (full backlog): a process holds it.
    const timer = setTimeout(() => done(true), PROBE_MS)
    socket.on('connect', () => done(true))
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code === 'EACCES' || error.code === 'EAGAIN'))
  })
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined // not there, or not to be reached: bind() will tell why
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}
