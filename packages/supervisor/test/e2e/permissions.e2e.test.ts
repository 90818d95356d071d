import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { placeFlags, shortDir } from './instance.ts'
import { freePorts, type InstancePorts } from './ports.ts'
import { processesOf } from './processes.ts'
import { runCli } from './run-cli.ts'

// What is not allowed can only be seen as somebody who is not allowed everything.
const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI) throw new Error('these tests start programs as another user, so in CI they run as root')
const asNobody = test.skipIf(!isRoot)

const NOBODY = 65_534
let home: string
let ports: InstancePorts
beforeEach(async () => {
  home = shortDir()
  chmodSync(home, 0o755)
  mkdirSync(join(home, 'own'))
  chownSync(join(home, 'own'), isRoot ? NOBODY : -1, -1)
  ports = await freePorts()
})
afterEach(() => {
  expect(processesOf(home)).toEqual([])
  rmSync(home, { recursive: true, force: true })
})

const own = () => join(home, 'own', 's')
const nobody = (...args: string[]) => runCli(args, { cwd: '/', uid: NOBODY, env: { HOME: join(home, 'own') } })
const up = (...args: string[]) => nobody('up', ...placeFlags(own(), ports), '--workers', '1', ...args)

asNobody('the socket of another user is named, exit 4', async () => {
  mkdirSync(join(home, 's', 'run'), { recursive: true })
  const server = createServer()
  const socket = join(home, 's', 'run', 'supervisor.sock')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  chmodSync(socket, 0o600)
  const { code, stderr } = await nobody('status', '--state-dir', join(home, 's'))
  await closed(server)
  expect([code, stderr]).toEqual([4, expect.stringContaining(`no permission for ${socket}`)])
})

asNobody('the state directory of another user is refused and left as it was', async () => {
  const run = join(home, 's', 'run')
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, 'supervisor.json'), '{}')
  const { code, stderr } = await nobody('up', ...placeFlags(join(home, 's'), ports))
  expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`${run}: E(PERM|ACCES): .*--state-dir`))])
  expect(readdirSync(run)).toEqual(['supervisor.json'])
  expect(readFileSync(join(run, 'supervisor.json'), 'utf8')).toBe('{}')
})

asNobody('a configuration only another user may read', async () => {
  const file = join(home, 'imgsvc.yaml')
  writeFileSync(file, 'sources: []\n', { mode: 0o600 })
  const { code, stderr } = await up('--config', file)
  expect([code, stderr]).toEqual([1, expect.stringContaining(`${file}: permission denied`)])
})

asNobody('a directory for logs that may not be written', async () => {
  mkdirSync(join(home, 'logs'), { mode: 0o700 })
  const dir = join(home, 'logs', 'imgsvc')
  const { code, stderr } = await up('--set', `logs.dir=${dir}`)
  expect([code, stderr]).toEqual([1, expect.stringMatching(/logs\/imgsvc: EACCES.*; change logs\.dir/)])
})

asNobody('a port below 1024 is explained', async () => {
  const flags = placeFlags(own(), ports).map((flag) => (flag === `127.0.0.1:${ports.public}` ? '127.0.0.1:80' : flag))
  const refused = await nobody('up', ...flags)
  expect([refused.code, refused.stderr]).toEqual([
    7,
    expect.stringMatching(
      /the public port \(127\.0\.0\.1:80\) .*EACCES.*ports below 1024 need privileges; change --listen/,
    ),
  ])
})

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
