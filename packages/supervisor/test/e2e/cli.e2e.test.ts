import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPty, inTerminal } from './in-terminal.ts'
import { type Instance, placeFlags, shortDir, startInstance } from './instance.ts'
import { freePorts, holdPort } from './ports.ts'
import { cleanEnv, PROGRAM, runCli } from './run-cli.ts'

const home = shortDir()
afterAll(() => rmSync(home, { recursive: true, force: true }))

const COMMANDS = [
  'up',
  'down',
  'status',
  'start',
  'stop',
  'restart',
  'drain',
  'undrain',
  'upgrade',
  'scale',
  'reload',
  'top',
  'logs',
  'events',
  'crashes',
  'doctor',
  'chaos',
  'startup',
  'sign',
  'url',
  'url parse',
  'config',
  'config check',
  'config show',
  'config schema',
  'explain',
  'filters',
  'version',
] as const

describe('without an instance', () => {
  test('before the build the command says what is missing', async () => {
    const bin = join(home, 'unbuilt', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(home, 'unbuilt', 'package.json'), '{ "type": "module" }')
    copyFileSync(PROGRAM, join(bin, 'imgsvc.js'))
    const { status, stderr } = spawnSync(process.execPath, [join(bin, 'imgsvc.js'), 'status'], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^imgsvc: not built yet \(.*unbuilt\/dist\/cli\/bin\.js is missing\); run `npm run build`\n$/,
    )
  })

  test.runIf(hasPty)('help is no wider than the terminal', async () => {
    const { output } = await inTerminal([process.execPath, PROGRAM, 'up', '--help'], [], { columns: 72 })
    expect(output).toContain('--worker-port')
    expect(Math.max(...output.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(72)
  })

  test.each(COMMANDS)('%s --help says what it does', async (command) => {
    const { code, stdout, stderr } = await runCli([...command.split(' '), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`imgsvc ${command}`)
    if (command !== 'config') expect(stdout).toContain('Examples:')
  })

  test.each([
    [['up', '--worker', '3'], 'unknown flag --worker; did you mean --workers?'],
    [['stauts'], 'unknown command "stauts"; did you mean status?'],
    [['config', 'chek'], 'unknown command "chek"; did you mean check?'],
    [['status', 'wrker'], 'unknown selector "wrker"; expected all, worker, balancer, worker:2 or worker:8002'],
    [['restart'], 'which processes? Name them: all, worker, balancer, worker:2, worker:8002 (by port)'],
    [['up', '--workers', 'many'], '--workers: expected a whole number from 1 to 256, got "many"'],
    [['up', '--root', 'a', '--root', 'b'], '--root was given twice'],
    [['up', '--set', 'quality'], '--set: expected SETTING=VALUE such as images.quality=75, got "quality"'],
    [['scale'], '<workers> is missing'],
    [[], 'which command? The most used: up, status, restart, logs, url, down'],
  ])('%j is refused with 2 and a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')).toEqual([`imgsvc: ${sentence}`, expect.stringMatching(/^Try `imgsvc .*--help`\.$/), ''])
  })

  test.each(['status', 'down', 'reload', 'logs'])('%s is 4 when nothing answers', async (command) => {
    const { code, stdout, stderr } = await runCli([command, '--state-dir', join(home, 'none')])
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toBe(`imgsvc is not running (no answer on ${join(home, 'none')}/run/supervisor.sock)\n`)
  })

  test('a mistaken configuration file is shown with file:line:column, every mistake on its line', async () => {
    const file = join(home, 'bad.yaml')
    writeFileSync(file, 'listen: 0.0.0.0:8080\nworkers:\n  count: several\nimages: { qualty: 3 }\n')
    for (const args of [
      ['config', 'check', file],
      ['up', '--config', file, '--state-dir', join(home, 's')],
    ]) {
      const { code, stderr } = await runCli(args)
      expect(code).toBe(1)
      expect(stderr.split('\n')).toEqual([
        'imgsvc: The configuration is not valid:',
        expect.stringMatching(/bad\.yaml:3:10: workers\.count: expected .*, got "several"$/),
        expect.stringMatching(/bad\.yaml:4:11: images\.qualty: .*did you mean "?quality"?/),
        '',
      ])
    }
  })

  test('./imgsvc.yaml is found; flags and environment win over it, and show says so', async () => {
    const cwd = join(home, 'project')
    mkdirSync(cwd, { recursive: true })
    writeFileSync(
      join(cwd, 'imgsvc.yaml'),
      'security: { key: not-to-be-seen }\nimages: { quality: 50, autoWebp: true }\n',
    )
    const env = { IMGSVC_IMAGES_QUALITY: '60' }
    const { code, stdout } = await runCli(['config', 'show', '--json', '--set', 'images.autoWebp=false'], { cwd, env })
    expect(code).toBe(0)
    const { config, origins } = JSON.parse(stdout)
    expect(config.images).toMatchObject({ quality: 60, autoWebp: false })
    expect(origins).toMatchObject({
      'images.quality': 'env:IMGSVC_IMAGES_QUALITY',
      'images.autoWebp': 'flag:--set images.autoWebp',
      'security.key': `file:${join(cwd, 'imgsvc.yaml')}:1`,
      'workers.basePort': 'default',
    })
    expect(stdout).not.toContain('not-to-be-seen')
  })

  test('sign and url make what thumbor makes', async () => {
    const key = ['--key', 'my-security-key']
    const signed = '/B35oBEIwztbc3jm7vsdqLez2C78=/10x10:200x200/300x200/my.server.com/some/path/to/image.jpg\n'
    const path = '10x10:200x200/300x200/my.server.com/some/path/to/image.jpg'
    expect((await runCli(['sign', ...key, path])).stdout).toBe(signed)
    expect((await runCli(['sign', ...key, '-'], { input: `${path}\n/${path}\n` })).stdout).toBe(signed + signed)
    const flags = ['--crop', '10x10:200x200', '--width', '300', '--height', '200']
    expect((await runCli(['url', ...key, ...flags, 'my.server.com/some/path/to/image.jpg'])).stdout).toBe(signed)
    const unsafe = await runCli(['url', '--unsafe', '--width=-30', '--base', 'http://h/', '--', '-a b.jpg'])
    expect(unsafe.stdout).toBe('http://h/unsafe/-30x0/-a%20b.jpg\n')
  })
})

describe('with an instance', () => {
  let instance: Instance
  beforeAll(async () => {
    instance = await startInstance({ workers: 1 })
  })
  afterAll(() => instance?.stop())

  test('status is a table and exit code 0 while everything runs', async () => {
    const { code, stdout } = await instance.cli('status')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ID +STATE +PID +PORT +UPTIME +RESTARTS +RSS +CPU +IN FLIGHT +LAST EXIT$/m)
    expect(stdout).toMatch(new RegExp(`^worker:0 +RUNNING +\\d+ +${instance.ports.workers} +\\d+s +0 +`, 'm'))
  })

  test('a selector that names no process is 2, by index and by port', async () => {
    expect((await instance.cli('status', 'worker:7')).code).toBe(2)
    expect((await instance.cli('restart', `worker:${instance.ports.workers + 4}`)).code).toBe(2)
    expect((await instance.cli('status', `worker:${instance.ports.workers}`)).code).toBe(0)
  })

  test('status is 3 while a process is stopped', async () => {
    const stop = await instance.cli('stop', 'worker:0')
    expect(stop.code, stop.stderr).toBe(0)
    expect(stop.stdout).toMatch(/^worker:0 {2}STOPPED {2}/)
    expect((await instance.cli('status')).code).toBe(3)
    expect((await fetch(`${instance.base}/healthcheck`)).status).toBe(503)
    expect((await instance.cli('start', 'worker:0')).code).toBe(0)
    expect((await instance.cli('status')).code).toBe(0)
  })

  test('a second up on the same state directory is refused and names the pid', async () => {
    const { code, stderr } = await runCli(['up', ...placeFlags(instance.stateDir, await freePorts())])
    expect(code).toBe(1)
    expect(stderr).toContain(`pid ${instance.pid}`)
    expect((await instance.cli('status')).code).toBe(0)
  })

  test('a taken port is named with the pid and command of its holder', async () => {
    const ports = await freePorts()
    const taken = await holdPort(ports.workers)
    const { code, stderr } = await runCli(['up', ...placeFlags(join(home, 'p'), ports)])
    await taken.release()
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`${ports.workers}.*pid ${process.pid}.*node`, 's'))
    expect(stderr).toContain('--worker-port')
  })

  test('a supervisor that hangs is reported within seconds', async () => {
    instance.signal('SIGSTOP')
    try {
      const { code, stderr } = await instance.cli('status')
      expect(code).toBe(4)
      expect(stderr).toMatch(/^imgsvc does not answer \(no answer on .+ within 0\.9 s\)$/m)
    } finally {
      instance.signal('SIGCONT')
    }
    expect((await instance.cli('status')).code).toBe(0)
  })
})

test.runIf(process.platform === 'linux')('a working directory that was removed is a sentence', async () => {
  const gone = mkdtempSync(join(tmpdir(), 'gone-'))
  const command = 'rmdir "$PWD" && exec "$0" "$1" version'
  const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, PROGRAM], {
    cwd: gone,
    env: cleanEnv(),
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'imgsvc: the working directory does not exist any more; change to another one\n',
  })
})
