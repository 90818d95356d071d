import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createLog, type LogHandle, type LogSettings } from '@imgsvc/core/log'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMounts, whyNoMounts } from '../../../test/fixtures/mounts.ts'
import { readLines } from '../../../test/fixtures/processes.ts'
import { filesOf, linesOf, type RotationScene, rotationScene } from '../../../test/fixtures/rotator.ts'

const NAME = 'worker-0.log'
const MB = 1024 ** 2

const noMounts = whyNoMounts(process.env)
const withMounts = describe.skipIf(noMounts !== undefined)
const mounts = createMounts()
let dir: string
const handles: LogHandle[] = []
const scenes: RotationScene[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'flt-'))
})
afterEach(async () => {
  for (const one of scenes.splice(0)) await one.remove()
  await Promise.all(handles.splice(0).map((handle) => handle.close()))
  mounts.remove()
  rmSync(dir, { recursive: true, force: true })
})

function logIn(directory: string, settings: Partial<LogSettings> = {}, maxBuffered?: number): LogHandle {
  const made = createLog({
    level: 'info',
    ...settings,
    file: join(directory, NAME),
    base: { id: 'worker:0', pid: 1 },
    ...(maxBuffered !== undefined && { maxBuffered }),
  })
  handles.push(made)
  return made
}

interface Line {
  readonly n?: number
  readonly level: string
  readonly dropped?: number
  readonly suppressed?: number
  readonly cause?: string
  readonly msg: string
}

/** Every line of every file of the log; throws when one of them is cut. */
const parsed = (directory: string) => linesOf(directory, NAME).map((line) => JSON.parse(line) as Line)
const numbersIn = (lines: readonly Line[]) => lines.flatMap(({ n }) => n ?? [])
const isRising = (numbers: readonly number[]) => numbers.every((n, at) => at === 0 || n > (numbers[at - 1] as number))
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 20 })

withMounts(`with mounts${noMounts ? ` (skipped: ${noMounts})` : ''}`, () => {
  test('a full disk: the log drops, counts, tells and goes on; no line is cut, and nothing else is thrown', async () => {
    const small = mounts.limited(2 * MB)
    const handle = logIn(small, {}, 100_000)
    const ballast = join(small, 'ballast')
    let n = 0
    for (; n < 100; n++) handle.log.info({ n }, 'before')
    await eventually(() => expect(numbersIn(parsed(small))).toHaveLength(100))
    expect(() => writeFileSync(ballast, Buffer.alloc(4 * MB))).toThrow('ENOSPC')
    // Enough to fill what the last block has room for, the buffer, and more.
    while (handle.dropped() < 500) {
      handle.log.info({ n: n++ }, 'while the disk is full')
      if (n % 100 === 0) await pause(1)
    }
    rmSync(ballast)
    const told = () => parsed(small).filter(({ dropped }) => dropped !== undefined)
    await eventually(() => expect(told()).toHaveLength(1))
    handle.log.info({ n }, 'after')
    await eventually(() => expect(numbersIn(parsed(small)).at(-1)).toBe(n))
    const numbers = numbersIn(parsed(small))
    expect(told()[0]).toMatchObject({ level: 'warn', cause: 'ENOSPC', dropped: handle.dropped() })
    expect(numbers.length + handle.dropped()).toBe(n + 1)
    expect(isRising(numbers)).toBe(true)
  })

  test('a full disk: rotation, compression and raw output fail without harm, and heal', async () => {
    const small = mounts.limited(4 * MB)
    const raw = 'worker-0.stderr.log'
    const write = (name: string, bytes: number) => appendFileSync(join(small, name), `${'x'.repeat(bytes - 1)}\n`)
    const it = rotationScene(
      small,
      [
        { name: NAME, writer: 'reopen' },
        { name: raw, writer: 'hold', process: 'worker:0' },
      ],
      { maxBytes: 100_000, backups: 5, compress: true },
    )
    scenes.push(it)
    write(NAME, 150_000)
    await it.rotator.check()
    for (const name of [NAME, raw]) write(name, 150_000)
    expect(() => writeFileSync(join(small, 'ballast'), Buffer.alloc(8 * MB))).toThrow('ENOSPC')
    await it.rotator.check()
    await it.rotator.compressed()
    // A rename needs no space, a copy and a compressed file do.
    expect(it.counts).toMatchObject({ ok: 2, failed: 1, compressionFailed: 1 })
    expect([statSync(join(small, raw)).size, filesOf(small, raw)]).toEqual([150_000, [raw]])
    expect(filesOf(small, NAME)).toEqual([`${NAME}.2`, `${NAME}.1`])
    rmSync(join(small, 'ballast'))
    await it.rotator.check()
    expect(it.counts).toMatchObject({ ok: 3, failed: 1 })
    expect(linesOf(small, raw)).toEqual(['x'.repeat(149_999)])
  })

  test('a directory that is read-only while it should be rotated: lines go on, and it heals', async () => {
    const logs = join(dir, 'logs')
    const handle = logIn(logs)
    const it = rotationScene(logs, [{ name: NAME, writer: 'reopen', reopen: handle.reopen }], {
      maxBytes: 10_000,
      backups: 100,
    })
    scenes.push(it)
    let n = 0
    const writeSome = async () => {
      for (const end = n + 200; n < end; n++) handle.log.info({ n }, 'line')
      await eventually(() => expect(numbersIn(parsed(logs))).toHaveLength(n))
    }
    await writeSome()
    const writable = mounts.readOnly(logs)
    expect(() => writeFileSync(join(logs, 'x'), '')).toThrow('EROFS')
    for (let round = 0; round < 4; round++) {
      await it.rotator.check()
      handle.reopen() // as a supervisor or an operator would ask for
      await writeSome()
    }
    expect(it.counts).toMatchObject({ ok: 0, failed: 4 })
    expect(filesOf(logs, NAME)).toEqual([NAME])
    writable()
    await it.rotator.check()
    await writeSome()
    expect(it.counts).toMatchObject({ ok: 1, failed: 4 })
    expect(numbersIn(parsed(logs))).toEqual(Array.from({ length: n }, (_, at) => at))
    expect(handle.dropped()).toBe(0)
    const told = it.told().filter((line) => line.includes('EROFS'))
    expect(told).toHaveLength(1)
  })

  test('a directory that is read-only from the start keeps what fits, and heals', async () => {
    const logs = join(dir, 'logs')
    const writable = mounts.readOnly(logs)
    const handle = logIn(logs, {}, 2000)
    for (let n = 0; n < 100; n++) handle.log.info({ n }, 'line')
    await pause(50)
    expect(existsSync(join(logs, NAME))).toBe(false)
    writable()
    const told = () => (existsSync(join(logs, NAME)) ? parsed(logs) : []).filter(({ dropped }) => dropped !== undefined)
    await eventually(() => expect(told()).toHaveLength(1))
    expect(told()[0]).toMatchObject({ cause: 'EROFS', dropped: handle.dropped() })
    expect(numbersIn(parsed(logs)).length + handle.dropped()).toBe(100)
  })
})

test('a log moved away while it is written (logrotate without a signal): no line is lost, and a new file is begun', async () => {
  const handle = logIn(dir)
  let n = 0
  const deadline = performance.now() + 8000
  const write = async () => {
    handle.log.info({ n: n++ }, 'line')
    await pause(2)
  }
  while (n < 50) await write()
  await eventually(() => expect(existsSync(join(dir, NAME))).toBe(true))
  const moved = performance.now()
  renameSync(join(dir, NAME), join(dir, `${NAME}.1`))
  while (!existsSync(join(dir, NAME)) && performance.now() < deadline) await write()
  // One look at the path every half second; the rest is room for a busy machine.
  expect(performance.now() - moved).toBeLessThan(5000)
  while (n < 400) await write()
  await eventually(() => expect(numbersIn(parsed(dir))).toHaveLength(n))
  expect(numbersIn(parsed(dir))).toEqual(Array.from({ length: n }, (_, at) => at))
  expect(readLines(join(dir, `${NAME}.1`)).length).toBeGreaterThan(49)
})

test('a flood is held at the rate; the log says how many lines are missing, and none is missing otherwise', async () => {
  const handle = logIn(dir, { maxRate: 100_000 })
  const total = 50_000
  for (let n = 0; n < total; n++) {
    handle.log.info({ n }, 'flood')
    if (n % 1000 === 0) await pause(0)
  }
  const suppressed = () => parsed(dir).reduce((sum, line) => sum + (line.suppressed ?? 0), 0)
  await eventually(() => {
    expect(handle.dropped()).toBeGreaterThan(total / 2)
    expect(suppressed()).toBe(handle.dropped())
  })
  const numbers = numbersIn(parsed(dir))
  expect(numbers.length + handle.dropped()).toBe(total)
  expect(isRising(numbers)).toBe(true)
  const told = parsed(dir).find((line) => line.suppressed)
  expect(told).toMatchObject({
    level: 'warn',
    msg: `suppressed ${told?.suppressed} lines: they came faster than logs.maxRate`,
  })
})

test('level, format and rate change while the log is written', async () => {
  const handle = logIn(dir, { level: 'error' })
  handle.log.warn('unwanted')
  handle.configure({ level: 'info', format: 'plain' })
  handle.log.info({ source: 'a.jpg' }, 'wanted')
  handle.configure({ level: 'info', format: 'json', maxRate: 10 })
  handle.log.info('first')
  handle.log.info('suppressed')
  await handle.close()
  const lines = readFileSync(join(dir, NAME), 'utf8').trimEnd().split('\n')
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO wanted source=a\.jpg$/)
  expect(lines.slice(1).map((line) => (JSON.parse(line) as Line).msg)).toEqual([
    'first',
    'suppressed 1 lines: they came faster than logs.maxRate',
  ])
})
