import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A PATH of its own, with programs that note how they were called. */
let bin: string
let calls: string
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'iv-ci-'))
  calls = join(bin, 'calls.txt')
})
afterEach(() => rmSync(bin, { recursive: true }))

function put(name: string, script = 'exit 0'): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

function run() {
  const program = fileURLToPath(new URL('ci-tools.mjs', import.meta.url))
  const done = spawnSync(process.execPath, [program], { encoding: 'utf8', env: { PATH: bin } })
  const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []
  return { code: done.status, stderr: done.stderr, called }
}

const note = (name: string) => put(name, `echo "${name} $*" >> ${calls}`)
/** Whoever runs the test: root calls `env` at once, others through sudo. */
function withApt(script = 'exit 0'): void {
  put('apt-get')
  note('env')
  put('sudo', `if [ "$2" = true ]; then exit 0; fi; shift; "$@"`)
  writeFileSync(join(bin, 'env'), `${readFileSync(join(bin, 'env'), 'utf8')}${script}\n`)
}

test('does nothing where everything is there', () => {
  for (const name of ['jpegtran', 'gifsicle', 'pngcrush', 'ffmpeg', 'ffprobe']) put(name)
  withApt()
  expect(run()).toEqual({ code: 0, stderr: '', called: [] })
})

test('installs the packages of what is missing, each once', () => {
  put('gifsicle')
  withApt()
  const { code, called } = run()
  expect(code).toBe(0)
  expect(called).toEqual([
    'env DEBIAN_FRONTEND=noninteractive apt-get update -qq',
    'env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libjpeg-turbo-progs pngcrush ffmpeg',
  ])
})

test('says what to install by hand where there is no apt-get', () => {
  put('jpegtran')
  const { code, stderr } = run()
  expect(code).toBe(0)
  expect(stderr).toContain('install gifsicle pngcrush ffmpeg by hand')
})

test('goes on when the installation fails: the tests tell what they miss', () => {
  withApt('exit 100')
  const { code, stderr, called } = run()
  expect([code, called.length]).toEqual([0, 1])
  expect(stderr).toContain('could not install')
})
