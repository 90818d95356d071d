import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { FAKES, fakeProgram } from '../../test/programs.ts'
import { type Command, type RunLimits, runProgram } from './run-program.ts'

const dir = mkdtempSync(join(tmpdir(), 'imgsvc-runs-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const INPUT = Buffer.from('the input')
const limits = (more: Partial<RunLimits> = {}): RunLimits => ({
  timeoutMs: 30_000,
  maxBytes: 1_000_000,
  signal: new AbortController().signal,
  searchPath: '/usr/bin:/bin',
  ...more,
})
let count = 0
const piped = (script: string): Command => ({ program: fakeProgram(dir, `p${count++}`, script), args: [] })
const filed = (script: string): Command => ({
  ...piped(script),
  args: ['in.txt', 'out.txt'],
  files: { input: 'in.txt', output: 'out.txt' },
})

/** A script that tells who and where it is before it goes on, and what it told. */
function told(script: string) {
  const file = join(dir, `told${count++}`)
  const lines = () => readFileSync(file, 'utf8').split('\n')
  return {
    script: `pwd >${file}; echo $$ >>${file}; ${script}`,
    hasBegun: () => expect(existsSync(file) && lines().length).toBe(3),
    isAlive: () => isAlive(Number(lines()[1])),
    leftDirectory: () => existsSync(lines()[0] as string),
  }
}

describe('a program that works', () => {
  test('reads stdin and writes stdout', async () => {
    const done = await runProgram(piped('tr a-z A-Z'), INPUT, limits())
    expect(done).toEqual({ ok: true, data: Buffer.from('THE INPUT') })
  })

  test('reads and writes files of a private directory, which is gone afterwards', async () => {
    const mode = join(dir, 'mode')
    const works = told(`ls -ld . >${mode}; tr a-z A-Z <"$1" >"$2"`)
    expect(await runProgram(filed(works.script), INPUT, limits())).toEqual({ ok: true, data: Buffer.from('THE INPUT') })
    expect(readFileSync(mode, 'utf8')).toMatch(/^drwx------/)
    expect(works.leftDirectory()).toBe(false)
  })

  test('is given its arguments as they are, without a shell', async () => {
    const command = { ...piped('cat >/dev/null; printf %s "$1"'), args: ['$(id); `id` "quoted" *'] }
    expect(await runProgram(command, INPUT, limits())).toEqual({
      ok: true,
      data: Buffer.from(command.args[0] as string),
    })
  })

  test('sees nothing of the environment but a PATH', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a secret')
    const done = await runProgram(piped('cat >/dev/null; /usr/bin/env'), INPUT, limits())
    vi.unstubAllEnvs()
    expect(String(done.ok && done.data)).toContain('PATH=/usr/bin:/bin')
    expect(String(done.ok && done.data)).not.toContain('a secret')
  })
})

describe('a program that fails', () => {
  test('tells by its exit code, and its last words are kept', async () => {
    const done = await runProgram(piped(FAKES.failing), INPUT, limits())
    expect(done).toEqual({ ok: false, why: 'failed', detail: 'exit code 3 it went wrong' })
  })

  test('tells by its signal', async () => {
    expect(await runProgram(piped(FAKES.crashing), INPUT, limits())).toMatchObject({
      why: 'failed',
      detail: expect.stringContaining('SIGSEGV'),
    })
  })

  test('without reading 8 MB of input does no more harm than that', async () => {
    const done = await runProgram(piped(FAKES.deaf), Buffer.alloc(8 * 1024 * 1024), limits())
    expect(done).toMatchObject({ ok: false, why: 'failed' })
  })

  test('cannot be started, does not exist, or is a script of nothing', async () => {
    const plain = fakeProgram(dir, 'plain', 'exit 0', 0o644)
    for (const program of [join(dir, 'missing'), plain]) {
      expect(await runProgram({ program, args: [] }, INPUT, limits())).toMatchObject({ ok: false, why: 'failed' })
    }
  })

  test('wrote no file', async () => {
    expect(await runProgram(filed(FAKES.silent), INPUT, limits())).toMatchObject({ detail: 'it wrote nothing' })
  })

  test('takes too long: it is killed', async () => {
    const slow = told(FAKES.slow)
    const done = await runProgram(filed(slow.script), INPUT, limits({ timeoutMs: 1500 }))
    expect(done).toMatchObject({ ok: false, why: 'timeout' })
    expect([slow.isAlive(), slow.leftDirectory()]).toEqual([false, false])
  })

  test('takes too long and leaves a child that holds its output', async () => {
    const pid = join(dir, 'child.pid')
    const script = `/bin/sleep 600 & echo $! >${pid}; exit 0`
    const done = await runProgram(piped(script), INPUT, limits({ timeoutMs: 1500 }))
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')
    expect(done).toMatchObject({ ok: false, why: 'timeout' })
  })
})

describe('a program that writes without end', () => {
  test('to stdout is killed at the limit', async () => {
    expect(await runProgram(piped(FAKES.flood), INPUT, limits())).toMatchObject({ ok: false, why: 'too_large' })
  })

  test('to stdout although its output is a file is killed, too', async () => {
    expect(await runProgram(filed(FAKES.flood), INPUT, limits())).toMatchObject({ ok: false, why: 'too_large' })
  })

  test('to a file is killed at the limit, and the file is gone', async () => {
    const flood = told('exec head -c 1073741824 /dev/zero >"$2"')
    expect(await runProgram(filed(flood.script), INPUT, limits())).toMatchObject({ ok: false, why: 'too_large' })
    expect([flood.isAlive(), flood.leftDirectory()]).toEqual([false, false])
  })

  test('to a file is refused, also when it was quicker than the eye', async () => {
    const script = 'head -c 1000001 /dev/zero >"$2"'
    expect(await runProgram(filed(script), INPUT, limits())).toMatchObject({ ok: false, why: 'too_large' })
  })
})

describe('when nobody waits any longer', () => {
  test('the program is killed and the reason thrown', async () => {
    const slow = told(FAKES.slow)
    const gone = new AbortController()
    const run = runProgram(filed(slow.script), INPUT, limits({ signal: gone.signal }))
    await vi.waitFor(slow.hasBegun, { timeout: 20_000 })
    gone.abort(new Error('the client has gone'))
    await expect(run).rejects.toThrow('the client has gone')
    expect([slow.isAlive(), slow.leftDirectory()]).toEqual([false, false])
  })

  test('nothing is started', async () => {
    const started = join(dir, 'started')
    const run = runProgram(piped(`echo >${started}`), INPUT, limits({ signal: AbortSignal.abort(new Error('gone')) }))
    await expect(run).rejects.toThrow('gone')
    expect(existsSync(started)).toBe(false)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
