// A fresh instance of the built program on free ports, with empty stores.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { signedUrl } from '@imgsvc/core/url/signer'

const BIN = fileURLToPath(new URL('../../packages/supervisor/bin/imgsvc.js', import.meta.url))

async function listenOn(port) {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** First of `count` ports in a row that are free. */
async function freePorts(count) {
  for (let tries = 0; tries < 50; tries++) {
    const first = await listenOn(0)
    const { port } = first.address()
    const all = await Promise.allSettled(Array.from({ length: count - 1 }, (_, i) => listenOn(port + 1 + i)))
    const open = [first, ...all.flatMap((result) => result.value ?? [])]
    await Promise.all(open.map((server) => new Promise((resolve) => server.close(resolve))))
    if (open.length === count) return port
  }
  throw new Error(`no ${count} free ports in a row`)
}

/**
 * Starts it and resolves when it is ready. `renders` is how many pictures it makes at once; `set` are values for
 * `--set`, `logs` is where its log files are.
 */
export async function startInstance({ workers, set = [] }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'imgsvc-bench-'))
  const port = await freePorts(workers + 2)
  const args = ['up', '--state-dir', stateDir, '--workers', String(workers), '--listen', `127.0.0.1:${port}`]
  args.push('--admin', `127.0.0.1:${port + 1}`, '--worker-port', String(port + 2))
  args.push(...set.flatMap((setting) => ['--set', setting]))
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    await rm(stateDir, { recursive: true, force: true })
  }
  const base = `http://127.0.0.1:${port}`
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) if (line.includes(base)) return
    throw new Error('the instance ended before it was ready')
  })()
  await ready
  // The reader above stops at the first match; the pipe must keep flowing.
  child.stdout.resume()
  const key = (await readFile(join(stateDir, 'security.key'), 'utf8')).trim()
  return {
    base,
    renders: workers * (Math.ceil(availableParallelism() / workers) + 1),
    logs: join(stateDir, 'logs'),
    sign: (path) => signedUrl(path, key),
    stop,
  }
}
