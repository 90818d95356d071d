import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPty, inTerminal, type PtyStep } from './in-terminal.ts'
import { type Instance, startInstance } from './instance.ts'
import { cleanEnv, PROGRAM, runCli } from './run-cli.ts'
import { until } from './until.ts'

let it: Instance
beforeAll(async () => {
  it = await startInstance({ workers: 2 })
})
afterAll(() => it.stop())

const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l']

describe('top', () => {
  const top = (steps: readonly PtyStep[], size = {}) =>
    inTerminal([process.execPath, PROGRAM, 'top', '--state-dir', it.stateDir], steps, size)

  /** What stood on the screen, frame by frame, without colours. */
  function frames(output: string): string[][] {
    const shown = output.split('\u001b[?2026h').slice(1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
    return shown.map((frame) => frame.replace(/\u001b\[[?\d;]*[A-Za-z]/g, '').split(/\r+\n/))
  }

  const drawn = 'worker:1'
  test.skipIf(!hasPty).each<[string, PtyStep]>([
    ['q', { until: drawn, send: 'q' }],
    ['Ctrl-C', { until: drawn, send: '\u0003' }],
    ['SIGINT', { until: drawn, signal: 'SIGINT' }],
    ['SIGTERM', { until: drawn, signal: 'SIGTERM' }],
    ['SIGHUP', { until: drawn, signal: 'SIGHUP' }],
  ])('%s ends it and gives the terminal back', async (_, step) => {
    const { output, code, restored, left } = await top([step])
    expect({ code, restored, left }).toEqual({ code: 0, restored: true, left: 0 })
    expect(output.startsWith(ENTER)).toBe(true)
    expect(output.endsWith(LEAVE)).toBe(true)
    // Nothing is ever blanked before it is drawn: that would flicker.
    expect(output).not.toContain('\u001b[2J')
  })

  test.skipIf(!hasPty)('draws every second, sorts, follows the size, and never leaves its place', async () => {
    const { output, code } = await top(
      [
        { until: drawn, send: 's' },
        { until: 'CPU %\\*', send: '3' },
        { until: 'RSS\\*', resize: [50, 9] },
        // Two more frames of the new size.
        { until: '\\?2026h.*\\?2026h.*\\?2026l', send: 'q' },
      ],
      { columns: 80, rows: 24 },
    )
    expect(code).toBe(0)
    const all = frames(output)
    expect(all[0]?.[0]).toMatch(/^imgsvc \S+ {2}127\.0\.0\.1:\d+ {2}up .* 2\/2 workers {2}\d\/\d balancers$/)
    for (const frame of all) {
      expect(frame.length).toBeLessThanOrEqual(24)
      for (const line of frame) expect(line.length).toBeLessThanOrEqual(80)
    }
    const last = all.at(-1) ?? []
    expect(last.length).toBeLessThanOrEqual(9)
    for (const line of last) expect(line.length).toBeLessThanOrEqual(50)
  })

  test.skipIf(!hasPty)('a crash of it gives the terminal back, and its words are seen', async () => {
    const breaker = join(it.home, 'breaker.mjs')
    writeFileSync(breaker, `setTimeout(() => { throw new Error('planted fault') }, 1500)\n`)
    const { output, code, restored } = await inTerminal(
      [process.execPath, '--import', breaker, PROGRAM, 'top', '--state-dir', it.stateDir],
      [],
    )
    expect({ code, restored }).toEqual({ code: 1, restored: true })
    expect(output.indexOf('planted fault')).toBeGreaterThan(output.indexOf(LEAVE))
  })

  test('without a terminal, and as JSON, it is one snapshot with the load of that second', async () => {
    const over = new AbortController()
    const load = (async () => {
      for (let n = 10; !over.signal.aborted && n < 500; n++) await (await it.get(`${n}x20/coffee.png`)).arrayBuffer()
    })()
    const json = await it.cli('top', '--json')
    const plain = await it.cli('top')
    over.abort()
    await load
    expect([json.code, plain.code]).toEqual([0, 0])
    const { totals, processes } = JSON.parse(json.stdout)
    expect(totals.rps).toBeGreaterThan(0)
    expect(totals.p99).toBeGreaterThan(0)
    expect(totals.hits).toBe(0)
    expect(processes.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`)).toContain(
      'worker:1 RUNNING',
    )
    expect(plain.stdout.split('\n')[3]).toMatch(/^PROCESS +STATE +CPU % +RSS +REQ\/S +P99/)
    expect(plain.stdout).not.toContain('\u001b')
  })
})

describe('events and crashes', () => {
  test('a crash is followed as it happens, and its record shown', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'events', '-f', '-n', '1', '--json', '--state-dir', it.stateDir], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    const seen = () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    await until('the follower listens', () => seen().length > 0)
    const worker = (await it.status()).find(({ id }) => id === 'worker:1')
    process.kill(worker?.pid as number, 'SIGSEGV')
    await until('it is told', () =>
      seen().some(({ type, to, generation }) => type === 'state' && to === 'RUNNING' && generation > 1),
    )
    child.kill('SIGINT')
    expect(seen()).toContainEqual(
      expect.objectContaining({
        type: 'crash',
        process: 'worker:1',
        pid: worker?.pid,
        reason: 'was killed by SIGSEGV',
      }),
    )
    const [record] = JSON.parse((await it.cli('crashes', '--json')).stdout)
    expect(record).toMatchObject({ process: 'worker:1', pid: worker?.pid, signal: 'SIGSEGV', reason: 'crash' })
    const whole = await it.cli('crashes', record.id)
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^worker:1 {2}pid \d+ {2}generation 1\n/) })
    expect((await it.cli('crashes', 'last')).stdout).toBe(whole.stdout)
    expect(await it.cli('crashes', 'none')).toMatchObject({ code: 1, stdout: '' })
    expect((await it.cli('events', '-t', 'crash')).stdout).toMatch(/worker:1 {2}crash {2}pid \d+ {2}SIGSEGV/)
  })

  test('a follower whose reader leaves ends quietly', async () => {
    const child = spawn(
      'sh',
      ['-c', `"${process.execPath}" "${PROGRAM}" events -f --state-dir "${it.stateDir}" | head -1`],
      {
        env: cleanEnv(),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    // Only the next write shows that nobody reads any more.
    await until('it ends', async () => {
      await it.cli('reload')
      return child.exitCode !== null
    })
    expect(child.exitCode).toBe(0)
    expect(stderr).toBe('')
  })
})

describe('doctor', () => {
  const of = (stdout: string, check: string) =>
    (JSON.parse(stdout).findings as { check: string; level: string; what: string }[]).filter(
      (one) => one.check === check,
    )

  test('looks at a running instance: its ports, its configuration, its permissions', async () => {
    const { code, stdout, stderr } = await it.cli('doctor', '--json')
    expect(stderr).toBe('')
    const { ok, findings } = JSON.parse(stdout)
    expect(code).toBe(ok ? 0 : 1)
    expect(findings.length).toBeGreaterThan(15)
    for (const check of ['instance', 'ports', 'permissions', 'configuration', 'sharp', 'stale files']) {
      expect([check, ...of(stdout, check).map(({ level }) => level)]).toEqual([check, 'ok'])
    }
    expect(of(stdout, 'ports')[0]?.what).toContain(`${it.ports.public} is ours`)
  })

  test('says what to do without an instance: who holds the port, what is wrong in the file', async () => {
    const args = ['doctor', '--state-dir', join(it.home, 'other'), '--listen', `127.0.0.1:${it.ports.public}`]
    const { code, stdout } = await runCli(args, { cwd: it.home })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^fail +ports +the public port \(127\.0\.0\.1:\d+\) is taken by pid \d+ \(/m)
    expect(stdout).toMatch(/^ +-> stop it, or change --listen$/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^\d+ ok, (1 warning|\d+ warnings), (1 failure|[1-9]\d* failures)$/,
    )
    const secret = await runCli([...args, '--json', '--set', 'security.key=env:NO_SUCH_KEY'], { cwd: it.home })
    expect(of(secret.stdout, 'configuration')).toMatchObject([
      { level: 'fail', what: expect.stringContaining('NO_SUCH_KEY') },
    ])
  })

  test.skipIf(process.getuid?.() !== 0)('as another user it says whose instance that is', async () => {
    const { code, stdout } = await runCli(['doctor', '--json', '--state-dir', it.stateDir], { cwd: '/', uid: 65_534 })
    expect(code).toBe(1)
    expect(of(stdout, 'permissions')).toMatchObject([{ level: 'fail' }])
  })
})

describe('startup', () => {
  const home = mkdtempSync(join(tmpdir(), 'su-'))
  const unit = join(home, 'imgsvc.service')
  afterAll(() => rmSync(home, { recursive: true, force: true }))
  const startup = (...args: readonly string[]) =>
    runCli(['startup', '--state-dir', '/var/lib/imgsvc', '--unit-dir', home, ...args], { cwd: home })

  test('prints, writes, replaces and removes the unit, and says what comes next', async () => {
    const printed = await startup('--print')
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(unit)).toBe(false)
    expect(printed.stdout).toContain(`ExecStart=${process.execPath} `)
    const written = await startup('--user', 'daemon')
    expect(written).toMatchObject({ code: 0, stderr: '' })
    expect(written.stdout).toContain('systemctl enable --now imgsvc')
    expect(readFileSync(unit, 'utf8')).toContain('User=daemon\n')
    expect((await startup('--user', 'daemon')).stdout).toContain('is as it should be')
    expect((await startup()).stdout).toContain('systemctl restart imgsvc')
    expect((await startup('--uninstall')).stdout).toContain('systemctl disable --now imgsvc')
    expect(existsSync(unit)).toBe(false)
  })

  test('an unknown account, or a directory without systemd, is refused with what would be right', async () => {
    expect(await startup('--user', 'nobody-knows')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no user "nobody-knows"; make one: useradd'),
    })
    const missing = await runCli(['startup', '--state-dir', '/var/lib/imgsvc', '--unit-dir', join(home, 'none')])
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('is this a machine with systemd?') })
  })
})
