import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RpcServer, serveRpc } from '@imgsvc/core/socket-rpc'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimStateDir, selfRecord } from './pidfile.ts'
import { prepareStateDir } from './state.ts'

let paths: StatePaths
let servers: RpcServer[] = []
beforeEach(() => {
  paths = prepareStateDir(mkdtempSync(join(tmpdir(), 'pid-')))
})
afterEach(async () => {
  for (const server of servers) await server.close()
  servers = []
  rmSync(paths.root, { recursive: true })
})

const dead = () => ({ ...selfRecord(), pid: 2 ** 22 + 1, startTime: '1' })
const write = (record: object) => writeFileSync(paths.supervisorPid, JSON.stringify(record))

test('a free directory is claimed and released', async () => {
  const claim = await claimStateDir(paths)
  expect(JSON.parse(readFileSync(paths.supervisorPid, 'utf8'))).toMatchObject({ pid: process.pid })
  claim.release()
  expect(existsSync(paths.supervisorPid)).toBe(false)
})

test('a live one refuses the second, naming its pid, and keeps its record', async () => {
  await claimStateDir(paths)
  const before = readFileSync(paths.supervisorPid, 'utf8')
  const second = { ...selfRecord(), pid: process.ppid }
  await expect(claimStateDir(paths, second)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    detail: expect.stringContaining(`pid ${process.pid}`),
  })
  expect(readFileSync(paths.supervisorPid, 'utf8')).toBe(before)
})

test('the record of a dead one is replaced, and its children may be about', async () => {
  write(dead())
  const claim = await claimStateDir(paths)
  expect(claim.orphansPossible).toBe(true)
  expect(JSON.parse(readFileSync(paths.supervisorPid, 'utf8'))).toMatchObject({ pid: process.pid })
})

test('the same pid and start time in another boot is somebody else', async () => {
  write({ ...selfRecord(), bootId: 'an-earlier-boot' })
  const claim = await claimStateDir(paths)
  expect(claim.orphansPossible).toBe(false)
})

test.each(['', '{', '[]', 'null', '{"pid":"x"}'])('a damaged record %j is healed', async (text) => {
  writeFileSync(paths.supervisorPid, text)
  await claimStateDir(paths)
  expect(JSON.parse(readFileSync(paths.supervisorPid, 'utf8'))).toMatchObject({ pid: process.pid })
})

test('without a record, an answer on the socket is proof enough', async () => {
  servers.push(
    await serveRpc({ path: paths.supervisorSocket, methods: { 'supervisor.info': async () => ({ pid: 4711 }) } }),
  )
  await expect(claimStateDir(paths)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    detail: expect.stringContaining('4711'),
  })
  expect(existsSync(paths.supervisorPid)).toBe(false)
})

test('a foreign program on the socket is not taken for nothing', async () => {
  const foreign = createServer((_, response) => response.end('hello')).listen(paths.supervisorSocket)
  await new Promise((resolve) => foreign.once('listening', resolve))
  await expect(claimStateDir(paths)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
  await new Promise((resolve) => foreign.close(resolve))
})

test('of two that start at once over a stale record exactly one wins', async () => {
  write(dead())
  const results = await Promise.allSettled([
    claimStateDir(paths, { ...selfRecord(), startedAt: 1 }),
    claimStateDir(paths, { ...selfRecord(), pid: process.ppid, startTime: 'x', startedAt: 2 }),
  ])
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a release does not remove the record of a successor', async () => {
  const claim = await claimStateDir(paths)
  write(dead())
  claim.release()
  expect(existsSync(paths.supervisorPid)).toBe(true)
})
