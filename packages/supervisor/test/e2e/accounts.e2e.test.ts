import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type Instance, placeFlags, shortDir, startInstance } from './instance.ts'
import { freePorts } from './ports.ts'
import { runCli } from './run-cli.ts'
import { until } from './until.ts'

// Only root can be somebody else.
const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI) throw new Error('these tests start processes as another user, so in CI they run as root')
const asRoot = test.skipIf(!isRoot)

const NOBODY = 65_534
const USERS = 'workers: { user: nobody, group: "65534" }\nbalancer: { user: "65534" }\n'

let instance: Instance | undefined
afterEach(async () => {
  await instance?.stop()
  instance = undefined
})

type Place = Pick<Instance, 'home' | 'ports'>

/** A directory that other users may pass through. */
async function openPlace(): Promise<Place> {
  const home = shortDir()
  chmodSync(home, 0o755)
  return { home, ports: await freePorts() }
}

async function start(config: string, inPlaceOf: Place): Promise<Instance> {
  instance = await startInstance({ workers: 2, config, inPlaceOf })
  return instance
}

const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url))

const text = (config: string, home: string) =>
  `${config}sources: [{ type: file, root: ${SAMPLES} }]\nresults: { type: file, root: ${join(home, 'r', 'results')} }\nlogs: { maxBytes: 100KB }\n`

/** Real, effective, saved and file system id. */
const idsOf = (pid: number, kind: 'Uid' | 'Gid' | 'Groups') =>
  new RegExp(`^${kind}:[ \\t]*(.*)$`, 'm')
    .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    ?.trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)

asRoot('workers and balancers serve as another user, and have no more than they need', async () => {
  const place = await openPlace()
  const { home } = place
  const at = await start(text(USERS, home), place)
  for (const { id, pid } of await at.status()) {
    expect([id, idsOf(pid as number, 'Uid'), idsOf(pid as number, 'Gid')]).toEqual([
      id,
      Array(4).fill(NOBODY),
      Array(4).fill(NOBODY),
    ])
    expect(idsOf(pid as number, 'Groups')).toEqual([])
  }
  const response = await at.get('60x40/flower.jpg')
  expect(response.status).toBe(200)
  expect(statSync(join(home, 'r', 'results')).uid).toBe(NOBODY)
  // What it may not have: the claim, the control socket, the crashes of others.
  expect(statSync(join(at.stateDir, 'run', 'supervisor.sock')).mode & 0o077).toBe(0)
  expect(statSync(join(at.stateDir, 'run', 'supervisor.json')).mode & 0o007).toBe(0)
  expect(statSync(join(at.stateDir, 'security.key'))).toMatchObject({ uid: NOBODY, mode: 0o100400 })
  expect(statSync(join(at.stateDir, 'run', 'config.json'))).toMatchObject({ uid: 0, gid: NOBODY, mode: 0o100640 })

  // A second instance is refused and changes nothing.
  const again = await runCli(['up', ...placeFlags(at.stateDir, at.ports)], { cwd: '/' })
  expect([again.code, statSync(join(at.stateDir, 'run')).mode & 0o7777]).toEqual([1, 0o3770])
})

asRoot('processes of another user come back after a crash and a restart, and their logs rotate', async () => {
  const place = await openPlace()
  const at = await start(text(USERS, place.home), place)
  const killed = (await at.status()).find(({ id }) => id === 'worker:1')?.pid as number
  process.kill(killed, 'SIGKILL')
  const fresh = await until('worker:1 is back', async () => {
    const one = (await at.status()).find(({ id }) => id === 'worker:1')
    return one?.state === 'RUNNING' && one.pid !== killed && one
  })
  expect(idsOf(fresh.pid as number, 'Uid')).toEqual(Array(4).fill(NOBODY))
  const restarted = await at.cli('restart', 'all')
  expect(restarted.code, restarted.stdout + restarted.stderr).toBe(0)
  const log = join(at.home, 'logs', 'balancer-0.log')
  writeFileSync(log, `${'x'.repeat(200_000)}\n`, { flag: 'a' })
  await until('a log was rotated', () => existsSync(`${log}.1`) || existsSync(`${log}.1.gz`))
  expect((await at.get('61x40/flower.jpg')).status).toBe(200)
  await until('and goes on', () => existsSync(log) && statSync(log).uid === NOBODY)
})

asRoot('what earlier processes left behind as root does not stand in the way', async () => {
  const place = await openPlace()
  const { home } = place
  const first = await start('logs: { maxBytes: 10MB }\n', place)
  for (const { pid } of await first.status()) process.kill(pid as number, 'SIGSTOP')
  await first.killSupervisor()
  for (const name of ['worker-0', 'worker-1', 'balancer-0']) {
    const { pid } = JSON.parse(readFileSync(join(first.stateDir, 'run', `${name}.json`), 'utf8'))
    process.kill(pid, 'SIGKILL')
  }
  const second = await start(text(USERS, home), first)
  expect(statSync(second.stateDir).mode & 0o7777).toBe(0o711)
  expect((await second.get('60x40/flower.jpg')).status).toBe(200)
  for (const { pid } of await second.status()) expect(idsOf(pid as number, 'Uid')?.[0]).toBe(NOBODY)
})

asRoot('a state directory is closed again when nobody else runs there any more', async () => {
  const first = await start(
    `workers: { user: nobody }\nsources: [{ type: file, root: ${SAMPLES} }]\n`,
    await openPlace(),
  )
  expect((await first.cli('down')).code).toBe(0)
  await until('it has ended', () => !existsSync(join(first.stateDir, 'run', 'supervisor.json')))
  const second = await start(`sources: [{ type: file, root: ${SAMPLES} }]\n`, first)
  expect([second.stateDir, join(second.stateDir, 'run')].map((dir) => statSync(dir).mode & 0o7777)).toEqual([
    0o700, 0o700,
  ])
  expect((await second.get('60x40/flower.jpg')).status).toBe(200)
})

asRoot.each([
  ['workers: { user: nosuchuser }\n', 'workers.user: there is no user "nosuchuser" on this machine'],
  [
    'balancer: { user: nobody, group: nosuchgroup }\n',
    'balancer.group: there is no group "nosuchgroup" on this machine',
  ],
  ['workers: { group: nogroup }\n', 'workers.group needs workers.user as well'],
  ['workers: { user: nobody }\nresults: { type: file, root: HOME/mine }\n', 'HOME/mine cannot be written by nobody'],
  ['workers: { user: nobody }\n', 'HOME cannot be passed through by nobody'],
  ['workers: { user: nobody }\nlogs: { dir: HOME/mine }\n', 'HOME/mine has files of others (theirs)'],
])('%j is refused', async (config, sentence) => {
  const home = shortDir()
  if (!sentence.includes('passed')) chmodSync(home, 0o755)
  mkdirSync(join(home, 'mine'))
  writeFileSync(join(home, 'mine', 'theirs'), '')
  writeFileSync(join(home, 'imgsvc.yaml'), config.replace('HOME', home))
  const flags = placeFlags(join(home, 's'), await freePorts())
  const { code, stderr } = await runCli(['up', ...flags, '--config', join(home, 'imgsvc.yaml')], { cwd: '/' })
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(sentence.replace('HOME', home))])
  expect(code).not.toBe(0)
  expect(statSync(join(home, 'mine'))).toMatchObject({ uid: 0, mode: 0o40755 })
  rmSync(home, { recursive: true })
})
