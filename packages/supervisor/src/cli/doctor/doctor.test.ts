import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeMachine, patient } from '../../../test/fixtures/patient.ts'
import { freePorts } from '../../../test/fixtures/processes.ts'
import { readConfiguration } from './configuration.ts'
import { checkDisk } from './disk.ts'
import { examine } from './examine.ts'
import type { Finding } from './finding.ts'
import { checkInstance, checkPidOne } from './instance.ts'
import { checkListening } from './listening.ts'
import { checkNetwork } from './network.ts'
import type { Patient } from './patient.ts'
import { checkPermissions } from './permissions.ts'
import type { FileFacts, Room } from './system.ts'

const GB = 1024 ** 3
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const levels = (findings: readonly Finding[]) => findings.map(({ check, level }) => `${check} ${level}`)
const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok')

const info = { version: '1.2.3', pid: 77, since: 0, stateDir: '', configFile: null, listen: '', admin: '', ready: true }
const record = { pid: 77, startTime: '5', bootId: 'b', startedAt: 1 }
const running: Patient['supervisor'] = { record, alive: true, info, processes: [] }

async function listener(): Promise<number> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe('ports', () => {
  const config = (listen: number, admin: number, base: number) => ({
    listen: `127.0.0.1:${listen}`,
    admin: { listen: `127.0.0.1:${admin}` },
    workers: { count: 1, basePort: base },
  })

  test('free ones are one line; a taken one names its holder and the flag to change', async () => {
    const [a, b, c] = (await freePorts(3)) as [number, number, number]
    expect(levels(await checkListening(patient({}, {}, config(a, b, c))))).toEqual(['ports ok'])
    const taken = await listener()
    const [finding] = await checkListening(patient({}, {}, config(taken, b, c)))
    expect(finding).toMatchObject({ level: 'fail', todo: 'stop it, or change --listen' })
    expect(finding?.what).toContain(`the public port (127.0.0.1:${taken}) is taken by pid ${process.pid} (`)
  })

  test('what a process of this instance holds is ours', async () => {
    const [a, b] = (await freePorts(2)) as [number, number]
    const taken = await listener()
    const ours = { ...running, info: { ...info, pid: process.pid } }
    const findings = await checkListening(patient({}, { supervisor: ours }, config(taken, a, b)))
    expect(findings).toMatchObject([{ level: 'ok', what: expect.stringContaining(`${taken} is ours`) }])
  })
})

describe('the instance', () => {
  const child = (alive: boolean) => ({
    alive,
    record: {
      id: 'worker:0',
      pid: 9,
      startTime: '1',
      generation: 1,
      configHash: '',
      port: 8000,
      startedAt: 0,
    } as const,
  })

  test.each<[string, Partial<Patient>, readonly string[]]>([
    ['does not run', {}, ['instance ok', 'stale files ok']],
    ['runs', { supervisor: running }, ['instance ok', 'stale files ok']],
    ['hangs', { supervisor: { ...running, info: undefined } }, ['instance fail', 'stale files ok']],
    ['left its children', { children: [child(true)] }, ['instance warn', 'stale files ok']],
    ['left files', { children: [child(false)] }, ['instance ok', 'stale files warn']],
    [
      'left its own record',
      { supervisor: { ...running, alive: false, info: undefined } },
      ['instance ok', 'stale files warn'],
    ],
  ])('%s', (_, over, expected) => {
    expect(levels(checkInstance(patient({}, over)))).toEqual(expected)
  })

  test('a process that is not RUNNING is a failure with its reason', () => {
    const processes = [{ id: 'worker:1', state: 'FATAL', reason: 'it exited with code 3' }] as never
    const findings = checkInstance(patient({}, { supervisor: { ...running, processes } }))
    expect(bad(findings)).toMatchObject([{ level: 'fail', what: 'worker:1 is FATAL: it exited with code 3' }])
  })

  test('as PID 1 it says that nothing can be adopted', () => {
    const asInit = patient({}, { supervisor: { ...running, info: { ...info, pid: 1 } } })
    expect(checkPidOne(asInit)).toMatchObject([
      { level: 'warn', what: expect.stringContaining('nothing can be adopted') },
    ])
    const of = (comm: string) => checkPidOne(patient({ files: { '/proc/1/comm': `${comm}\n` } }))[0]
    expect(of('tini')).toMatchObject({ level: 'ok', what: 'is tini' })
    expect(of('sh')?.what).toContain('defunct processes may pile up')
  })
})

describe('permissions', () => {
  const facts = (kind: FileFacts['kind'], mode: number, uid = 1000): FileFacts => ({ kind, mode, uid })

  function check(change: Record<string, FileFacts | 'forbidden'> = {}, uid = 1000) {
    const base = patient()
    const { paths } = base
    const stats = {
      [paths.root]: facts('directory', 0o700),
      [paths.run]: facts('directory', 0o700),
      [paths.supervisorSocket]: facts('socket', 0o600),
      [paths.key]: facts('file', 0o600),
      [paths.config]: facts('file', 0o600),
      ...Object.fromEntries(Object.entries(change).map(([name, value]) => [paths[name as 'key'], value])),
    }
    return checkPermissions(patient({ stats }, { paths, uid }))
  }

  test('closed to others is right, and so is a directory that is not there yet', () => {
    expect(levels(check())).toEqual(['permissions ok'])
    expect(levels(checkPermissions(patient()))).toEqual(['permissions ok'])
  })

  test.each<[string, FileFacts | 'forbidden', RegExp]>([
    ['key', facts('file', 0o644), /open to other users \(mode 0644\)/],
    ['run', facts('directory', 0o755), /open to other users/],
    ['supervisorSocket', facts('socket', 0o666), /open to other users/],
    ['supervisorSocket', facts('file', 0o600), /is no socket/],
    ['root', facts('directory', 0o777), /can be written by other users/],
    ['root', facts('directory', 0o700, 0), /belongs to uid 0, this is uid 1000/],
    ['root', facts('file', 0o600), /is no directory/],
    ['root', 'forbidden', /may not enter/],
  ])('%s: %j', (name, value, what) => {
    expect(bad(check({ [name]: value }))).toMatchObject([{ level: 'fail', what: expect.stringMatching(what) }])
  })

  test("root may look at another user's instance, and is told not to run it", () => {
    expect(check({}, 0)).toMatchObject([{ level: 'warn', todo: expect.stringContaining("sudo -u '#1000'") }])
  })
})

describe('disk', () => {
  const room = (over: Partial<Room>): FakeMachine => ({
    room: { freeBytes: 50 * GB, totalBytes: 100 * GB, freeInodes: 500, totalInodes: 1000, ...over },
  })
  test.each<[Partial<Room>, readonly string[]]>([
    [{}, ['disk ok', 'inodes ok']],
    [{ freeBytes: 0.5 * GB }, ['disk fail', 'inodes ok']],
    [{ freeBytes: 0.5 * GB, totalBytes: 20 * GB }, ['disk warn', 'inodes ok']],
    [{ freeBytes: 1024, totalBytes: 2048 }, ['disk fail', 'inodes ok']],
    [{ freeInodes: 50 }, ['disk ok', 'inodes warn']],
    [{ freeInodes: 5 }, ['disk ok', 'inodes fail']],
    [{ freeInodes: 0, totalInodes: 0 }, ['disk ok', 'inodes ok']],
  ])('%j', async (over, expected) => {
    expect(levels(await checkDisk(patient(room(over))))).toEqual(expected)
  })

  test('every directory that is written to is named, once per file system', async () => {
    const config = { results: { type: 'file', root: '/r' }, storage: { type: 'file', root: '/o' } }
    const [space, ...rest] = await checkDisk(patient({}, {}, config))
    for (const directory of ['/r', '/o']) expect(space?.what.split(/: |, /)).toContain(directory)
    expect(rest).toHaveLength(1)
  })
})

describe('the configuration', () => {
  const { config } = patient({}, {}, { admin: { token: 'env:DOCTOR_TOKEN' } })
  const read = (env: Record<string, string>) =>
    readConfiguration('/x.yaml', () => ({ config: config as never, origins: {} }), env).findings

  test('with every secret it refers to', () => {
    expect(read({ DOCTOR_TOKEN: 'hush' })).toMatchObject([{ level: 'ok' }])
    expect(JSON.stringify(read({ DOCTOR_TOKEN: 'hush' }))).not.toContain('hush')
    expect(read({})).toMatchObject([{ level: 'fail', what: expect.stringContaining('DOCTOR_TOKEN is not set') }])
  })

  test('with its mistakes', () => {
    const broken = readConfiguration('/x.yaml', () => JSON.parse('{'), {})
    expect(broken).toMatchObject({ loaded: undefined, findings: [{ level: 'fail' }] })
  })
})

describe('the network', () => {
  test('hosts and endpoints are connected to; patterns name none', async () => {
    const open = await listener()
    const [closed] = (await freePorts(1)) as [number]
    const s3 = (port: number) => ({ type: 's3', bucket: 'photos', endpoint: `http://127.0.0.1:${port}` })
    const sources = [s3(open), s3(closed), { type: 'http', allow: ['*.example.org'] }]
    expect(await checkNetwork(patient({}, {}, { sources }))).toMatchObject([
      { level: 'ok', what: `sources.0: 127.0.0.1:${open} answers` },
      { level: 'fail', what: expect.stringContaining('ECONNREFUSED') },
    ])
    expect(await checkNetwork(patient())).toMatchObject([{ level: 'ok', what: 'the configuration names no server' }])
  })
})

test('a check that fails is a finding, and the others go on', async () => {
  const broken = patient()
  const system = {
    ...broken.system,
    read: () => {
      throw new Error('boom')
    },
  }
  const findings = await examine({ ...broken, system }, { network: false })
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'limits', level: 'warn', what: 'could not be looked at: boom' }),
  )
  expect(findings).toContainEqual(expect.objectContaining({ check: 'permissions', level: 'ok' }))
})
