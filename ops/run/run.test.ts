import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A checkout with programs of a few lines in place of npx, tsc, vitest and imgsvc; they note how they were called. */
let checkout: string
let calls: string
const HERE = dirname(fileURLToPath(import.meta.url))

beforeEach(() => {
  checkout = join(mkdtempSync(join(tmpdir(), 'iv-')), 'a path with spaces')
  calls = join(checkout, 'calls.txt')
  put('package.json', '{ "type": "module" }')
  put('pnpm-lock.yaml', 'lockfileVersion: 9')
  put('packages/core/package.json', '{}')
  put('packages/core/node_modules/.keep', '')
  put('packages/supervisor/node_modules/.keep', '')
  for (const name of ['setup.mjs', 'start.mjs', 'test.mjs', 'count-reporter.mjs']) {
    put(`ops/run/${name}`, '')
    copyFileSync(join(HERE, name), join(checkout, 'ops/run', name))
  }
  put('bin/npx', '#!/bin/sh\necho "npx $* CI=$CI NODE_ENV=$NODE_ENV" >> "$CALLS"\nexit $NPX_EXIT\n')
  put('node_modules/.bin/tsc', '#!/bin/sh\necho "tsc $*" >> "$CALLS"\nexit $TSC_EXIT\n')
  put('packages/supervisor/bin/imgsvc.js', 'console.log(JSON.stringify([process.pid, process.argv.slice(2)]))')
})
afterEach(() => rmSync(dirname(checkout), { recursive: true }))

function put(name: string, text: string): void {
  const path = join(checkout, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  if (text.startsWith('#!')) chmodSync(path, 0o755)
}

function run(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  rmSync(calls, { force: true })
  const done = spawnSync(process.execPath, [join(checkout, 'ops/run', script), ...args], {
    encoding: 'utf8',
    env: { PATH: `${join(checkout, 'bin')}:${process.env.PATH}`, CALLS: calls, ...env },
  })
  const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []
  return { code: done.status, stdout: done.stdout, stderr: done.stderr, called, pid: done.pid }
}

const INSTALL = expect.stringMatching(/^npx --yes pnpm@[\d.]+ install --frozen-lockfile .*CI=true NODE_ENV=$/)

test('start installs and builds, then runs up in the same process with the arguments it got', () => {
  const { code, stdout, called, pid } = run('start.mjs', ['--workers', '4'], { NODE_ENV: 'production' })
  expect({ code, called }).toEqual({ code: 0, called: [INSTALL, 'tsc -b'] })
  expect(JSON.parse(stdout)).toEqual([pid, ['up', '--workers', '4']])
})

test('a package whose node_modules was deleted is installed again', () => {
  run('start.mjs')
  rmSync(join(checkout, 'packages/core/node_modules'), { recursive: true })
  expect(run('start.mjs').called).toEqual([INSTALL, 'tsc -b'])
})

test('the second start neither installs nor says anything; a changed manifest installs again', () => {
  run('start.mjs')
  expect(run('start.mjs')).toMatchObject({ stderr: '', called: ['tsc -b'] })
  put('packages/core/package.json', '{ "version": "2.0.0" }')
  expect(run('start.mjs').called).toEqual([INSTALL, 'tsc -b'])
})

test('a failed install ends with its sentence and is tried again the next time', () => {
  const failed = run('start.mjs', [], { NPX_EXIT: '3' })
  expect(failed).toMatchObject({ code: 1, stdout: '', called: [INSTALL] })
  expect(failed.stderr).toMatch(/^imgsvc: installing the packages failed \(exit code 3\); the reason is above$/m)
  expect(run('start.mjs').called).toEqual([INSTALL, 'tsc -b'])
})

test('a failed build starts nothing', () => {
  const failed = run('start.mjs', [], { TSC_EXIT: '2' })
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toContain('building failed (exit code 2)')
})

test('npm’s own variables do not reach the install, except registry and proxy', () => {
  put('bin/npx', '#!/bin/sh\nenv >> "$CALLS"\n')
  const { called } = run('start.mjs', [], {
    npm_config_package: 'other',
    npm_config_production: 'true',
    npm_lifecycle_event: 'start',
    npm_config_registry: 'http://registry.test/',
  })
  expect(called).toContain('npm_config_registry=http://registry.test/')
  expect(called.filter((line) => /^npm_(config_p|lifecycle)/.test(line))).toEqual([])
})

const vitestThat = (counts: string, exit: number) =>
  `#!/bin/sh\necho "vitest $*" >> "$CALLS"\n${counts === '' ? '' : `echo '${counts}' > "$IMGSVC_TEST_COUNTS"\n`}exit ${exit}\n`

test.each([
  ['all passed', '{"passed":812,"failed":0,"skipped":0}', 0, 'tests: 812 passed, 0 failed', 0],
  ['some skipped', '{"passed":3,"failed":0,"skipped":2}', 0, 'tests: 3 passed, 0 failed, 2 skipped', 0],
  ['one failed', '{"passed":3,"failed":1,"skipped":0}', 1, 'tests: 3 passed, 1 failed', 1],
  ['nothing ran', '{"passed":0,"failed":0,"skipped":0}', 0, 'tests: 0 passed, 0 failed', 1],
  ['vitest ended early', '', 130, 'tests: 0 passed, 1 failed', 130],
])('test closes with the counts: %s', (_, counts, exit, line, code) => {
  put('node_modules/.bin/vitest', vitestThat(counts, exit))
  const done = run('test.mjs', ['--project', 'unit'])
  expect(done.code).toBe(code)
  expect(done.stdout.trimEnd().split('\n').at(-1)).toBe(line)
  expect(done.called.at(-1)).toMatch(/^vitest run --reporter=default --reporter=.*count-reporter\.mjs --project unit$/)
})
