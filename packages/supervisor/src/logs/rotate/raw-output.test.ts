import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filesOf, linesOf, type RotationScene, rotationScene, textOf } from '../../../test/fixtures/rotator.ts'
import { punchHole } from './hole.ts'
import { createRawOutput, type RawLimits } from './raw-output.ts'
import type { RotationPolicy } from './rotator.ts'

const NAME = 'worker-0.stderr.log'
const SECTOR = 512
/** The block that the hole ends in. */
const PARTIAL_BLOCK = 4096

let dir: string
let path: string
const scenes: RotationScene[] = []
const writers: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'raw-'))
  path = join(dir, NAME)
})
afterEach(async () => {
  for (const writer of writers.splice(0)) {
    if (writer.exitCode !== null || writer.signalCode !== null) continue
    const gone = once(writer, 'exit')
    process.kill(-(writer.pid as number), 'SIGKILL')
    await gone
  }
  for (const one of scenes.splice(0)) await one.remove()
  rmSync(dir, { recursive: true, force: true })
})

function rotating(policy: Partial<RotationPolicy> = {}, pid?: () => number | undefined, ticks = false): RotationScene {
  const made = rotationScene(dir, [{ name: NAME, writer: 'hold', process: 'worker:0', ...(pid && { pid }) }], policy, {
    ticks,
  })
  scenes.push(made)
  return made
}

/** A program that is not Node and writes to its descriptor 2, the way a native library does. */
function nativeWriter(script: string): ChildProcess & { readonly pid: number } {
  const output = openSync(path, 'a', 0o640)
  const writer = spawn('sh', ['-c', script], { stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  writers.push(writer)
  return writer as ChildProcess & { readonly pid: number }
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}`)
/** Writes `line 0`, `line 1`, … in `rounds` of a thousand. */
const counting = (rounds: number, pauseSeconds: number) =>
  `n=0; while [ $n -lt ${rounds} ]; do seq -f 'line %.0f' $((n * 1000)) $((n * 1000 + 999)) >&2; n=$((n + 1)); sleep ${pauseSeconds}; done`
const isRunning = (writer: ChildProcess) => writer.exitCode === null && writer.signalCode === null
const diskOf = (file: string) => statSync(file).blocks * SECTOR

describe('while a native program writes to its stderr', () => {
  test('every line is in the rotated files, whole, once and in order', async () => {
    const it = rotating({ maxBytes: 50_000, backups: 1000 })
    const writer = nativeWriter(counting(100, 0.01))
    while (isRunning(writer)) {
      await it.rotator.check()
      await pause(2)
    }
    await it.rotator.check()
    expect(it.counts.ok).toBeGreaterThan(2)
    expect([it.counts.failed, it.counts.rawDropped]).toEqual([0, 0])
    expect(linesOf(dir, NAME)).toEqual(numbered(100_000))
  })

  test('a flood leaves its beginning and its end, says what is missing, and does not fill the disk', async () => {
    const maxTotal = 40_000_000
    const policy = { maxBytes: 1_000_000, backups: 10, maxRate: 1_000_000, maxTotal, compress: true }
    const it = rotating(policy, undefined, true)
    const writer = nativeWriter(`yes 'a line of a flood that nobody has asked for' >&2`)
    await expect.poll(() => it.counts.rawDropped, { timeout: 15_000 }).toBeGreaterThan(100_000_000)
    process.kill(-writer.pid, 'SIGKILL')
    it.time.ahead = 20_000 // its last line will never be finished
    // Once it is quiet, the file begins anew.
    await expect.poll(() => statSync(path).size, { timeout: 8000 }).toBe(0)
    const kept = filesOf(dir, NAME).reduce((sum, name) => sum + diskOf(join(dir, name)), 0)
    expect(kept).toBeLessThanOrEqual(maxTotal)
    expect(textOf(dir, NAME)).toMatch(/^\[imgsvc\] \d+ bytes were dropped here: they came faster than logs\.maxRate$/m)
    // Told at once, and again, with the rest, when it is over.
    const told = () =>
      it.told().flatMap((line) => /"dropped":(\d+),"msg":"raw output was dropped/.exec(line)?.[1] ?? [])
    const sum = () => told().reduce((total, bytes) => total + Number(bytes), 0)
    await expect.poll(() => it.counts.rawDropped - sum(), { timeout: 8000 }).toBe(0)
    expect(told().length).toBeGreaterThan(1)
  })

  test('a file deleted by hand is made again, with what the program still has to say', async () => {
    const writer = nativeWriter('echo before >&2; exec sleep 60')
    const it = rotating({ maxBytes: 1_000_000 }, () => writer.pid)
    await expect.poll(() => readFileSync(path, 'utf8'), { timeout: 8000 }).toBe('before\n')
    await it.rotator.check()
    unlinkSync(path)
    const deleted = openSync(`/proc/${writer.pid}/fd/2`, 'a')
    writeSync(deleted, `${numbered(1000).join('\n')}\n`)
    await it.rotator.check()
    // What was deleted was in use: it is given back.
    expect(linesOf(dir, NAME)).toEqual(['before', ...numbered(1000)])
    writeSync(deleted, 'line 1000\n')
    await it.rotator.check()
    expect(linesOf(dir, NAME)).toEqual(['before', ...numbered(1001)])
    closeSync(deleted)
  })

  test('a file moved by hand stays as it was, and what comes afterwards is in a new one', async () => {
    const writer = nativeWriter('echo before >&2; exec sleep 60')
    await expect.poll(() => readFileSync(path, 'utf8'), { timeout: 8000 }).toBe('before\n')
    const it = rotating({ maxBytes: 1_000_000 }, () => writer.pid)
    await it.rotator.check()
    renameSync(path, join(dir, 'moved'))
    await it.rotator.check()
    const held = openSync(`/proc/${writer.pid}/fd/2`, 'a')
    writeSync(held, 'after\n')
    closeSync(held)
    await it.rotator.check()
    it.time.ahead = 2000 // silent for long enough to begin anew
    await it.rotator.check()
    expect(readFileSync(path, 'utf8')).toBe('after\n')
    expect(readFileSync(join(dir, 'moved'), 'utf8')).toBe('before\n')
  })
})

describe('the descriptor stays open', () => {
  let held: number
  beforeEach(() => {
    held = openSync(path, 'a')
  })
  afterEach(() => closeSync(held))
  const write = (text: string) => writeSync(held, text)

  test('what is rotated gives its disk space back, and the file begins anew once it is silent', async () => {
    write(`${'x'.repeat(99_999)}\n`)
    const it = rotating({ maxBytes: 1000 })
    await it.rotator.check()
    expect([statSync(path).size, diskOf(path)]).toEqual([100_000, PARTIAL_BLOCK])
    write('after\n')
    await it.rotator.check()
    expect(textOf(dir, NAME)).toBe(`${'x'.repeat(99_999)}\nafter\n`)
    write(`${'y'.repeat(1999)}\n`)
    await it.rotator.check()
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`after\n${'y'.repeat(1999)}\n`)
    await it.rotator.check()
    expect(statSync(path).size).toBe(102_006)
    it.time.ahead = 2000
    await it.rotator.check()
    expect(statSync(path).size).toBe(0)
    write('new\n')
    expect(readFileSync(path, 'utf8')).toBe('new\n')
  })

  test('no rotated file begins or ends within a line', async () => {
    const it = rotating({ maxBytes: 100, backups: 1000 })
    for (let n = 0; n < 200; n++) {
      // A look falls between the halves of every line.
      write('line ')
      await it.rotator.check()
      write(`${n}\n`)
    }
    await it.rotator.check()
    expect(it.counts.ok).toBeGreaterThan(10)
    for (let n = 1; n <= it.counts.ok; n++) {
      const text = readFileSync(`${path}.${n}`, 'utf8')
      expect([text.slice(0, 5), text.at(-1)]).toEqual(['line ', '\n'])
    }
    expect(linesOf(dir, NAME)).toEqual(numbered(200))
  })

  test('what has come since the last rotation joins it when the file begins anew, unless a line is unfinished', async () => {
    write(`${'x'.repeat(1999)}\n`)
    const it = rotating({ maxBytes: 1000 })
    await it.rotator.check()
    write('after\nhalf')
    await it.rotator.check()
    it.time.ahead = 2000
    await it.rotator.check()
    expect(statSync(path).size).toBe(2010)
    write(' of a line\n')
    await it.rotator.check()
    it.time.ahead = 4000
    await it.rotator.check()
    expect(statSync(path).size).toBe(0)
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`${'x'.repeat(1999)}\nafter\nhalf of a line\n`)
    expect(it.counts.ok).toBe(1)
  })

  test('another supervisor goes on where the first one was', async () => {
    write(`${'x'.repeat(50_000)}\n`)
    await rotating({ maxBytes: 1000 }).rotator.check()
    write(`${'y'.repeat(1500)}\n`)
    await rotating({ maxBytes: 1000 }).rotator.check()
    expect(textOf(dir, NAME)).toBe(`${'x'.repeat(50_000)}\n${'y'.repeat(1500)}\n`)
  })

  test('without backups it is let go of', async () => {
    write(`${'x'.repeat(50_000)}\n`)
    const it = rotating({ maxBytes: 1000, backups: 0 })
    await it.rotator.check()
    expect(textOf(dir, NAME)).toBe('')
    expect(diskOf(path)).toBe(PARTIAL_BLOCK)
  })

  test('a flood is cut at once, without holes; its last lines and the number of bytes between are kept', async () => {
    const limits: RawLimits = { maxBytes: 500_000, rotateEvery: 0, backups: 9, maxRate: 100_000, maxKept: 1e9 }
    const punch = () => Promise.reject(new Error('a flood is to be cut'))
    const output = createRawOutput({ dir, name: NAME, punch })
    const flood = Array.from({ length: 300_000 }, (_, n) => `line ${n}\n`).join('')
    const looks = []
    for (let n = 0; n < 5; n++) {
      write(`${flood}the end of flood ${n}\n`)
      looks.push(await output.look(limits, filesOf(dir, NAME), 1000))
      expect(statSync(path).size).toBe(0)
    }
    // The first takes the allowance of a second; the others join each other.
    expect(looks.map(({ rotated }) => rotated)).toEqual([true, true, false, false, false])
    expect(filesOf(dir, NAME)).toEqual([`${NAME}.2`, `${NAME}.1`, NAME])
    const kept = linesOf(dir, NAME)
    for (let n = 0; n < 5; n++) expect(kept).toContain(`the end of flood ${n}`)
    expect(
      kept.filter((line) => !/^(line \d+|the end of flood \d|\[imgsvc\] \d+ bytes were dropped here.*)$/.test(line)),
    ).toEqual([])
    const told = kept.flatMap((line) => /^\[imgsvc\] (\d+) bytes/.exec(line)?.[1] ?? [])
    const lines = kept.filter((line) => !line.startsWith('[imgsvc]'))
    const dropped = looks.reduce((sum, look) => sum + look.dropped, 0)
    expect(told.reduce((sum, bytes) => sum + Number(bytes), 0)).toBe(dropped)
    expect(lines.join('\n').length + 1 + dropped).toBe(5 * (flood.length + 'the end of flood 0\n'.length))
  })

  test('what has taken much of the cap is not copied but for one file', async () => {
    const limits: RawLimits = { maxBytes: 10_000, rotateEvery: 0, backups: 9, maxRate: 1e9, maxKept: 100_000 }
    const output = createRawOutput({ dir, name: NAME })
    write(`${'x'.repeat(99)}\n`.repeat(2001))
    expect(await output.look(limits, [NAME], 1000)).toMatchObject({ rotated: true, dropped: 190_200 })
    expect(linesOf(dir, NAME).filter((line) => line.startsWith('x'))).toHaveLength(99)
    write(`${'x'.repeat(99)}\n`.repeat(1999))
    expect(await output.look(limits, filesOf(dir, NAME), 1000)).toMatchObject({ dropped: 100_000 })
  })

  test('where files cannot have holes it begins anew at once', async () => {
    const limits: RawLimits = { maxBytes: 1000, rotateEvery: 0, backups: 3, maxRate: 0, maxKept: 1e9 }
    const punch = async () => {
      // Written after the copy was made, and before the file begins anew.
      write('late\n')
      return false
    }
    const output = createRawOutput({ dir, name: NAME, punch })
    write(`${'x'.repeat(2000)}\n`)
    expect(await output.look(limits, [NAME], Date.now())).toMatchObject({ rotated: true, dropped: 0 })
    write('after\n')
    expect(readFileSync(path, 'utf8')).toBe('after\n')
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`${'x'.repeat(2000)}\nlate\n`)
  })

  test('what cannot be copied stays, and so do its backups', async () => {
    write(`${'x'.repeat(1500)}\n`)
    mkdirSync(`${path}.copy`)
    mkdirSync(`${path}.copy/in-the-way`)
    const it = rotating({ maxBytes: 1000 })
    for (let n = 0; n < 5; n++) await it.rotator.check()
    expect(it.counts).toMatchObject({ ok: 0, failed: 5 })
    expect(readFileSync(path, 'utf8')).toHaveLength(1501)
  })

  test('what cannot be copied does not fill the disk', async () => {
    mkdirSync(`${path}.copy`)
    mkdirSync(`${path}.copy/in-the-way`)
    const it = rotating({ maxBytes: 1000 })
    for (let n = 0; n < 50; n++) {
      write(`${String(n).padStart(9999)}\n`)
      await it.rotator.check()
    }
    expect(it.counts.rawDropped).toBeGreaterThan(480_000)
    expect(diskOf(path)).toBeLessThan(30_000)
  })
})

test('a hole takes nothing of what is appended, and only from the part that is named', async () => {
  const held = openSync(path, 'a')
  writeSync(held, 'a'.repeat(10_000))
  expect(await punchHole(path, 0, 9000)).toBe(true)
  writeSync(held, 'b')
  closeSync(held)
  expect(readFileSync(path, 'latin1')).toBe(`${'\0'.repeat(9000)}${'a'.repeat(1000)}b`)
  expect(await punchHole(join(dir, 'none'), 0, 10)).toBe(false)
})
