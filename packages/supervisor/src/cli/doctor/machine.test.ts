import { describe, expect, test } from 'vitest'
import { type FakeMachine, patient } from '../../../test/fixtures/patient.ts'
import { cgroupLimits } from './cgroup.ts'
import { checkClock } from './clock.ts'
import type { Finding } from './finding.ts'
import { checkLimits, checkThreads, limitOf } from './limits.ts'
import type { Patient } from './patient.ts'
import { checkCores, checkMemory } from './resources.ts'
import { checkVersions, node } from './versions.ts'

const GB = 1024 ** 3

const levels = (findings: readonly Finding[]) => findings.map(({ check, level }) => `${check} ${level}`)
const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok')

const info = { version: '1.2.3', pid: 77, since: 0, stateDir: '', configFile: null, listen: '', admin: '', ready: true }
const record = { pid: 77, startTime: '5', bootId: 'b', startedAt: 1 }
const running: Patient['supervisor'] = { record, alive: true, info, processes: [] }

describe('memory and processors', () => {
  const meminfo = (swapFree: number) => `MemTotal: ${8 * 1024 ** 2} kB\nSwapTotal: 1000 kB\nSwapFree: ${swapFree} kB\n`
  const base = { '/proc/meminfo': meminfo(1000), '/proc/sys/vm/overcommit_memory': '0\n' }
  const v2 = (files: Record<string, string>) => ({ '/proc/self/cgroup': '0::/a.slice/b\n', ...base, ...files })
  const memory = (files: Record<string, string>, workers: Record<string, unknown> = { count: 2 }) =>
    levels(checkMemory(patient({ files }, {}, { workers })))

  test('workers and their cap against the machine, and against the container', () => {
    expect(memory(base)).toEqual(['memory ok', 'swap ok', 'overcommit ok'])
    expect(memory(base, { count: 2, maxMemory: '8GB' })[0]).toBe('memory fail')
    const limit = { '/sys/fs/cgroup/a.slice/b/memory.max': 'max\n', '/sys/fs/cgroup/a.slice/memory.max': String(GB) }
    expect(memory(v2(limit), { count: 2, maxMemory: '512MB' })[0]).toBe('memory fail')
    expect(memory(v2(limit), { count: 2, maxMemory: '256MB' })[0]).toBe('memory ok')
    // Without a cap the kernel would do the killing.
    expect(memory(v2(limit)).slice(0, 2)).toEqual(['memory ok', 'memory warn'])
    expect(memory(v2(limit), { count: 8 }).slice(0, 2)).toEqual(['memory warn', 'memory warn'])
  })

  test('swap that is used, and strict overcommit', () => {
    const files = { '/proc/meminfo': meminfo(100), '/proc/sys/vm/overcommit_memory': '2\n' }
    expect(memory(files).slice(1)).toEqual(['swap warn', 'overcommit warn'])
  })

  test('limits are found on the way up, in version 2 and 1', () => {
    const two = patient({ files: v2({ '/sys/fs/cgroup/a.slice/cpu.max': '150000 100000\n' }) }).system
    expect(cgroupLimits(two)).toEqual({ memoryBytes: undefined, cores: 1.5 })
    const one = patient({
      files: {
        '/proc/self/cgroup': '4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n',
        // Inside the container its own limits are at the root.
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1073741824\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
    }).system
    expect(cgroupLimits(one)).toEqual({ memoryBytes: GB, cores: 0.5 })
    const none = patient({ files: { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n' } }).system
    expect(cgroupLimits(none)).toEqual({ memoryBytes: undefined, cores: undefined })
  })

  test('more workers than cores wait for each other', () => {
    const machine = { files: v2({ '/sys/fs/cgroup/cpu.max': '200000 100000\n' }) }
    expect(levels(checkCores(patient(machine, {}, { workers: { count: 2 } })))).toEqual(['cpu ok'])
    expect(checkCores(patient(machine, {}, { workers: { count: 6 } }))).toMatchObject([
      { level: 'warn', todo: 'workers.count: 2' },
    ])
  })
})

describe('limits', () => {
  const text = (files: string, core: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        ${core}                    unlimited            bytes     \nMax open files            1024                 ${files}                files     \n`
  test.each([
    ['1048576', '0', ['open files ok', 'core dumps ok']],
    ['1024', '0', ['open files warn', 'core dumps ok']],
    ['100', '0', ['open files fail', 'core dumps ok']],
    ['unlimited', 'unlimited', ['open files ok', 'core dumps warn']],
  ])('%s files, core %s', (files, core, expected) => {
    expect(levels(checkLimits(patient({ files: { '/proc/self/limits': text(files, core) } })))).toEqual(expected)
  })

  test('of the running supervisor when there is one', () => {
    const files = { '/proc/77/limits': text('100', '0'), '/proc/self/limits': text('99999', '0') }
    expect(checkLimits(patient({ files }, { supervisor: running }))[0]).toMatchObject({
      level: 'fail',
      what: 'at most 100 (hard limit of pid 77)',
    })
    expect(limitOf(text('7', '0'), 'Max open files')).toEqual({ soft: 1024, hard: 7 })
  })

  test('threads of the environment are not those of workers', () => {
    expect(levels(checkThreads(patient()))).toEqual(['threads ok'])
    expect(levels(checkThreads(patient({}, { env: { UV_THREADPOOL_SIZE: '99' } })))).toEqual(['threads warn'])
  })
})

describe('the clock', () => {
  const check = (machine: FakeMachine, over: Partial<Patient> = {}) => checkClock(patient(machine, over))

  test('a jump while it is watched', async () => {
    expect(levels(await check({}))).toEqual(['clock ok', 'time server ok'])
    expect((await check({ jumpMs: -3000 }))[0]).toMatchObject({
      level: 'warn',
      what: expect.stringContaining('-3000 ms'),
    })
  })

  test('set since the supervisor started, as the kernel counts', async () => {
    // This process began at wall time 999,000; the supervisor 1000 s (100,000 ticks) before.
    const supervisor = (startedAt: number) => ({ ...running, record: { ...record, startTime: '400000', startedAt } })
    const began = 999_000 - 1_000_000
    const machine = { startTicks: 500_000 }
    expect(levels(await check(machine, { supervisor: supervisor(began + 300) }))).toHaveLength(2)
    const [, jumped] = await check(machine, { supervisor: supervisor(began - 3_600_000) })
    expect(jumped).toMatchObject({ level: 'warn', what: expect.stringContaining('about 3600 s') })
  })

  test.each([
    ['yes\n', 'ok'],
    ['no\n', 'warn'],
    [undefined, 'ok'],
  ])('timedatectl says %j', async (answer, level) => {
    const programs = answer === undefined ? {} : { timedatectl: answer }
    expect((await check({ programs })).at(-1)).toMatchObject({ check: 'time server', level })
  })
})

describe('versions', () => {
  test('of Node', () => {
    const levelsOf = ['18.20.0', '20.18.3', '20.19.0', '21.7.0', '22.0.0', '24.1.0'].map(
      (version) => node(version).level,
    )
    expect(levelsOf).toEqual(['fail', 'fail', 'ok', 'warn', 'ok', 'ok'])
  })

  test('of sharp as a worker loads it, and of what runs', async () => {
    const facts = JSON.stringify({ sharp: '1.0', vips: '8.9', simd: false })
    const machine = { programs: { [process.execPath]: facts } }
    const findings = await checkVersions(
      patient(machine, { supervisor: { ...running, info: { ...info, version: '1.0.0' } } }),
    )
    expect(bad(findings)).toMatchObject([
      { check: 'imgsvc', what: '1.0.0 runs, 1.2.3 is installed' },
      { check: 'SIMD', level: 'warn' },
    ])
    expect(bad(await checkVersions(patient()))).toMatchObject([{ check: 'sharp', level: 'fail' }])
  })
})
