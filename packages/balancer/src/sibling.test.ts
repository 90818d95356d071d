import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSameProcess } from '@imgsvc/core/run-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spawnSibling } from './sibling.ts'

// What the program of a balancer does with the socket it was born with.
const PROGRAM = `
  import { createServer } from 'node:http'
  const fd = Number(process.env.IMGSVC_CHILD_LISTEN_FD)
  createServer((_, response) => response.end(process.env.NAME + ' ' + process.argv[2] + ' ' + process.pid)).listen({ fd })
  console.error('listening')
`

let dir: string
let server: Server
let born: { readonly pid: number; readonly startTime: string } | undefined
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sb-'))
  writeFileSync(join(dir, 'sibling.mjs'), PROGRAM)
  server = createServer((_, response) => response.end('elder'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  if (born && isSameProcess(born)) process.kill(born.pid, 'SIGKILL')
  born = undefined
  await new Promise((resolve) => server.close(resolve))
  rmSync(dir, { recursive: true })
})

const spawnOne = () =>
  spawnSibling(
    {
      entry: join(dir, 'sibling.mjs'),
      args: ['argument'],
      env: { NAME: 'younger' },
      stderrFile: join(dir, 'stderr.log'),
    },
    server,
    process.env,
  )

async function ask(port: number): Promise<string> {
  const [response] = await once(request({ port, host: '127.0.0.1', agent: false }).end(), 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

test('a sibling accepts on the same port, and goes on when the elder has let go of it', async () => {
  const { port } = server.address() as AddressInfo
  born = spawnOne()
  expect(isSameProcess(born)).toBe(true)
  await expect.poll(() => readFileSync(join(dir, 'stderr.log'), 'utf8'), { timeout: 10_000 }).toContain('listening')
  server.close()
  expect(await ask(port)).toBe(`younger argument ${born.pid}`)
})

test('a balancer that has let go of the port says so', async () => {
  await new Promise((resolve) => server.close(resolve))
  expect(spawnOne).toThrow(expect.objectContaining({ code: 'PROCESS_FAILED' }))
})
