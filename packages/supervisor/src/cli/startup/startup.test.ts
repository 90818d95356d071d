import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterAll, expect, test } from 'vitest'
import { installUnit, removeUnit } from './install.ts'
import { type UnitOptions, unitText, word } from './unit.ts'
import { writtenPaths } from './written-paths.ts'

const home = mkdtempSync(join(tmpdir(), 'su-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const options: UnitOptions = {
  node: process.execPath,
  program: '/opt/img svc/imgsvc.js',
  stateDir: '/srv/img svc',
  config: '/etc/imgsvc/100%.yaml',
  user: 'daemon',
  writes: ['/srv/img svc/results', '/var/log/imgsvc'],
  lowPort: true,
}

test.each([
  ['a', 'a'],
  ['a b', '"a b"'],
  ['50%', '50%%'],
  ['$HOME', '$$HOME'],
  ['a"b', '"a\\"b"'],
  ['a\\b', 'a\\\\b'],
  ['', '""'],
])('%j keeps its meaning on a command line of systemd', (text, expected) => {
  expect(word(text)).toBe(expected)
})

test('the unit says what adoption, readiness and the watchdog need', () => {
  const text = unitText(options)
  for (const line of ['Type=notify', 'NotifyAccess=all', 'KillMode=process', 'Restart=always', 'User=daemon']) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text).toMatch(/^WatchdogSec=\d+$/m)
  expect(text).toMatch(/^ExecReload=.* reload --state-dir "\/srv\/img svc"$/m)
  expect(text).toMatch(/^ExecStart=.* up --state-dir "\/srv\/img svc" --config \/etc\/imgsvc\/100%%\.yaml$/m)
  // What lies below the state directory needs no line of its own.
  expect(text).toContain('ReadWritePaths="-/srv/img svc" -/var/log/imgsvc\n')
  expect(text).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE')
})

test('systemd makes a state directory below /var/lib itself; root keeps its capabilities', () => {
  const text = unitText({ ...options, stateDir: '/var/lib/imgsvc', user: undefined, lowPort: false })
  expect(text).toContain('StateDirectory=imgsvc\n')
  expect(text).not.toMatch(/User=|Capabilit/)
})

const hasAnalyze = spawnSync('sh', ['-c', 'command -v systemd-analyze']).status === 0
test.skipIf(!hasAnalyze && process.env.CI !== 'true')('systemd finds nothing wrong with it', () => {
  for (const [index, variant] of [options, { ...options, user: undefined, stateDir: '/var/lib/imgsvc' }].entries()) {
    const path = join(home, `variant-${index}.service`)
    writeFileSync(path, unitText(variant))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
    // It also reports on other units of the machine.
    const own = stderr.split('\n').filter((line) => line.includes('variant-'))
    expect({ status, own }).toEqual({ status: 0, own: [] })
  }
})

test('it is written once, replaced when it changed, and removed', () => {
  const dir = mkdtempSync(join(home, 'u-'))
  expect(installUnit(dir, 'a')).toBe('new')
  expect(statSync(join(dir, 'imgsvc.service')).mode & 0o777).toBe(0o644)
  expect(installUnit(dir, 'a')).toBe('unchanged')
  expect(installUnit(dir, 'b')).toBe('changed')
  expect(readFileSync(join(dir, 'imgsvc.service'), 'utf8')).toBe('b')
  expect([removeUnit(dir), removeUnit(dir)]).toEqual([true, false])
})

test('without systemd it says so', () => {
  expect(() => installUnit(join(home, 'none'), 'a')).toThrow(
    expect.objectContaining({
      code: 'STARTUP_REFUSED',
      message: expect.stringContaining('is this a machine with systemd?'),
    }),
  )
})

test('every directory a configuration writes to can be written, and sources cannot', () => {
  const config = configSchema.parse({
    sources: [{ type: 'file', root: '/photos' }],
    logs: { dir: '/l' },
    storage: { type: 'file', root: '/o' },
    results: { type: 'file', root: '/r' },
  })
  expect([...writtenPaths(config)].sort()).toEqual(['/l', '/o', '/r'])
})
