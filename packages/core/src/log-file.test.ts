import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { createLogFile, type LogFile, type LogFileOptions, type LogOutage } from './log-file.ts'

const open: LogFile[] = []
afterEach(async () => {
  for (const file of open.splice(0)) await file.close(100)
})

const directory = () => mkdtempSync(join(tmpdir(), 'log-'))
function create(path: string, options: Partial<LogFileOptions> = {}): LogFile {
  const file = createLogFile({ path, retryMs: 20, ...options })
  open.push(file)
  return file
}
const lines = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 })

test('makes its directory and appends whole lines in order', async () => {
  const path = join(directory(), 'logs', 'a.log')
  const file = create(path)
  const sent = Array.from({ length: 20_000 }, (_, i) => `line ${i} ü`)
  for (const line of sent) file.write(`${line}\n`)
  await file.flush(5000)
  expect(lines(path)).toEqual(sent)
  expect(file.dropped()).toBe(0)
})

test('after a rename and reopen the next line is in the new file, and none is lost', async () => {
  const path = join(directory(), 'a.log')
  const file = create(path)
  for (let i = 0; i < 1000; i++) {
    file.write(`${i}\n`)
    if (i === 500) {
      await file.flush(1000)
      renameSync(path, `${path}.1`)
      file.reopen()
    }
  }
  await file.flush(1000)
  expect(lines(`${path}.1`)).toHaveLength(501)
  expect(lines(path)[0]).toBe('501')
  expect(lines(path)).toHaveLength(499)
})

test('notices by itself that the file or its whole directory was deleted', async () => {
  const dir = join(directory(), 'logs')
  const path = join(dir, 'a.log')
  const file = create(path)
  file.write('before\n')
  await file.flush(1000)
  unlinkSync(path)
  await eventually(() => {
    file.write('again\n')
    expect(existsSync(path)).toBe(true)
  })
  rmSync(dir, { recursive: true })
  await eventually(() => {
    file.write('once more\n')
    expect(existsSync(path)).toBe(true)
  })
})

test('a path that cannot be opened keeps a bounded number of lines, counts the rest and heals', async () => {
  const dir = join(directory(), 'logs')
  writeFileSync(dir, 'a file where the directory should be')
  const path = join(dir, 'a.log')
  const file = create(path, { maxBuffered: 1000 })
  for (let i = 0; i < 300; i++) file.write(`line ${String(i).padStart(4, '0')}\n`) // 10 bytes each
  expect(file.dropped()).toBe(200)
  await file.flush(50) // gives up after its time although the disk fails
  unlinkSync(dir)
  await eventually(() => expect(lines(path)).toHaveLength(100))
  file.write('healed\n')
  await file.flush(1000)
  expect(lines(path).at(-1)).toBe('healed')
  expect(file.dropped()).toBe(200)
})

// /dev/full is Linux only: opening works, every write fails with ENOSPC.
test.runIf(existsSync('/dev/full'))('a full disk drops, counts and heals', async () => {
  const path = join(directory(), 'a.log')
  symlinkSync('/dev/full', path)
  const outages: LogOutage[] = []
  const file = create(path, { maxBuffered: 100, healed: (outage) => outages.push(outage) })
  for (let i = 0; i < 30; i++) file.write(`line ${String(i).padStart(4, '0')}\n`)
  await file.flush(50)
  expect([file.dropped(), file.isFailing(), outages]).toEqual([20, true, []])
  unlinkSync(path)
  await eventually(() => expect(lines(path)).toHaveLength(10))
  await eventually(() => expect(outages).toEqual([{ cause: 'ENOSPC', failedMs: expect.any(Number) }]))
  expect(file.isFailing()).toBe(false)
})

test('closing a healthy file writes everything first; later lines are counted as dropped', async () => {
  const path = join(directory(), 'a.log')
  const file = create(path)
  file.write('last\n')
  await file.close(1000)
  expect(lines(path)).toEqual(['last'])
  file.write('too late\n')
  expect(file.dropped()).toBe(1)
})

test('closing while the disk fails is over in its time', async () => {
  const dir = directory()
  mkdirSync(join(dir, 'a.log')) // a directory cannot be opened for writing
  const file = create(join(dir, 'a.log'))
  file.write('nowhere to go\n')
  await file.close(50)
})
