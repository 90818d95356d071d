import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterEach, describe, expect, test } from 'vitest'
import { type Instance, placeFlags, shortDir, startInstance } from './instance.ts'
import { freePorts, holdPort } from './ports.ts'
import { processesOf } from './processes.ts'
import { runCli } from './run-cli.ts'

const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url))

async function pictureAt(url: string) {
  const response = await fetch(url)
  const bytes = Buffer.from(await response.arrayBuffer())
  expect(response.status, bytes.toString('latin1').slice(0, 300)).toBe(200)
  const { width, height, format } = await sharp(bytes).metadata()
  return { width, height, format }
}

const urlIn = (text: string, name: string) => new RegExp(`^ +${name} +(http\\S+)$`, 'm').exec(text)?.[1] ?? ''

describe('in the foreground', () => {
  let instance: Instance | undefined
  afterEach(async () => {
    await instance?.stop()
    instance = undefined
  })

  test('the printed URL is a picture of the size it says, and the admin page answers', async () => {
    instance = await startInstance()
    expect(await pictureAt(urlIn(instance.printed(), 'picture'))).toEqual({ width: 300, height: 200, format: 'jpeg' })
    const page = await fetch(urlIn(instance.printed(), 'admin'))
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    const metrics = await fetch(`${instance.admin}/metrics`)
    expect(await metrics.text()).toMatch(/^imgsvc_process_up\{.*worker:0.*\} 1$/m)
    const health = await fetch(`${instance.base}/healthcheck`)
    expect([health.status, await health.text()]).toEqual([200, 'WORKING'])
  })

  test('an unsigned URL is refused', async () => {
    instance = await startInstance()
    expect((await fetch(`${instance.base}/unsafe/300x200/flower.jpg`)).status).toBe(400)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s, even twice, stops everything and ends with 0', async (signal) => {
    instance = await startInstance()
    instance.signal(signal)
    instance.signal(signal)
    await instance.stop()
    instance = undefined
  })

  test('--root serves a directory of one’s own', async () => {
    const root = shortDir()
    mkdirSync(join(root, 'a b'))
    copyFileSync(join(SAMPLES, 'coffee.png'), join(root, 'a b', 'cup.png'))
    instance = await startInstance({ args: ['--root', root] })
    const { stdout } = await instance.cli(
      'url',
      '--width',
      '60',
      '--height',
      '40',
      '--base',
      instance.base,
      'a b/cup.png',
    )
    expect(await pictureAt(stdout.trim())).toEqual({ width: 60, height: 40, format: 'png' })
    rmSync(root, { recursive: true })
  })
})

describe('--detach', () => {
  test('returns when the service is ready; down returns when it is gone', async () => {
    const home = shortDir()
    const ports = await freePorts()
    const up = await runCli(['up', '--detach', '--workers', '1', ...placeFlags(join(home, 's'), ports)])
    try {
      expect(up.code, up.stderr).toBe(0)
      expect(await pictureAt(urlIn(up.stdout, 'picture'))).toMatchObject({ width: 300, height: 200 })
    } finally {
      const down = await runCli(['down', '--state-dir', join(home, 's')])
      expect(down.code, down.stderr).toBe(0)
    }
    expect(processesOf(home)).toEqual([])
    expect((await runCli(['down', '--state-dir', join(home, 's')])).code).toBe(4)
    rmSync(home, { recursive: true })
  })

  test('hands on why the service could not start', async () => {
    const home = shortDir()
    const ports = await freePorts()
    const taken = await holdPort(ports.public)
    const up = await runCli(['up', '--detach', ...placeFlags(join(home, 's'), ports)])
    await taken.release()
    expect(up.code).toBe(1)
    expect(up.stderr).toContain(String(ports.public))
    expect(up.stdout).toBe('')
    expect(processesOf(home)).toEqual([])
    rmSync(home, { recursive: true })
  })
})
