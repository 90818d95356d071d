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

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts it and resolves when it is ready. `renders` is how many pictures it makes at once. */
export async function startInstance({ workers }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'imgsvc-bench-'))
  const port = await freePort()
  const args = ['up', '--state-dir', stateDir, '--workers', String(workers), '--listen', `127.0.0.1:${port}`]
  args.push('--worker-port', String(20_000 + (port % 20_000)), '--admin', `127.0.0.1:${await freePort()}`)
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
    sign: (path) => signedUrl(path, key),
    stop,
  }
}
