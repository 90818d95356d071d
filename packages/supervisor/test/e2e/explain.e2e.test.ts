import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Explanation } from '@imgsvc/core/explanation'
import { signedUrl } from '@imgsvc/core/url/signer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Instance, shortDir, startInstance } from './instance.ts'
import { processesOf } from './processes.ts'
import { runCli } from './run-cli.ts'

const home = shortDir()
afterAll(() => rmSync(home, { recursive: true, force: true }))

const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url))
const PATH = '300x200/filters:blur(4):nope()/flower.jpg'

describe('without an instance', () => {
  const stateDir = join(home, 's')
  const explain = (...args: string[]) =>
    runCli(['explain', '--state-dir', stateDir, ...args], { cwd: home, env: { TEST_IMGSVC_KEY: 'k' } })

  test('a worker of its own answers, with the settings of the file, and leaves nothing behind', async () => {
    const config = join(home, 'own.yaml')
    writeFileSync(
      config,
      `security: { key: env:TEST_IMGSVC_KEY }\nimages: { quality: 33 }\nsources: [{ type: file, root: ${SAMPLES} }]\n` +
        `storage: { type: file, root: ./o }\nresults: { type: file, root: ./r }\n`,
    )
    const url = `http://img.example.com${signedUrl(PATH, 'k')}`
    const { code, stdout, stderr } = await explain('--json', '--config', config, url)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const plan = JSON.parse(stdout) as Explanation
    expect(plan).toMatchObject({
      ...{ url: signedUrl(PATH, 'k'), status: 200, errors: [], result: { width: 300, height: 200, frames: 1 } },
      signature: { accepted: true, by: 'security.key' },
      filters: [{ args: { radius: 4, sigma: 0 } }, { ignored: 'there is no filter "nope"; did you mean noise?' }],
      encoder: { format: 'jpeg', quality: 33 },
      source: { loader: 'file', setting: 'sources.0', format: 'jpeg' },
    })
    expect(stdout).not.toContain('TEST_IMGSVC_KEY')
    for (const made of [stateDir, join(home, 'o'), join(home, 'r')]) expect(existsSync(made)).toBe(false)
    expect(processesOf(stateDir)).toEqual([])
  })

  test('for people: a word for each part; mistakes last, with what would be right; exit code 1', async () => {
    const { code, stdout } = await explain('--set', 'images.autoWebp=true', '--accept', 'image/webp', `/unsafe/${PATH}`)
    expect(code).toBe(1)
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`url        /unsafe/${PATH}`)
    expect(lines).toContain('answer     400')
    expect(lines).toContain('signature  refused, see errors')
    expect(lines).toContain('filters    blur(4): pixels, radius 4, sigma 0')
    expect(lines).toContain('           nope(): ignored, there is no filter "nope"; did you mean noise?')
    expect(lines).toContain('result     300x200')
    expect(stdout).toMatch(/^format {5}webp: the client accepts it/m)
    expect(stdout).toMatch(/^encoder {4}format webp, quality 80/m)
    expect(stdout).toMatch(/^errors {5}URL_UNSAFE_DISABLED \(400\): /m)
    expect(lines.at(-2)).toContain('imgsvc sign PATH')
  })

  test('points that detectors find are not stored either', async () => {
    const { code, stdout } = await explain('--set', 'security.allowUnsafe=true', '/unsafe/300x200/smart/astronaut.png')
    expect(code).toBe(0)
    expect(stdout).toMatch(/around \d+,\d+ \(Face Detection\)/)
    expect(existsSync(stateDir)).toBe(false)
  })

  test('a mistaken configuration, or a secret that is not there, is told as everywhere', async () => {
    const config = join(home, 'bad.yaml')
    writeFileSync(config, 'security: { key: env:NOBODY_HAS_SET_THIS }\n')
    const { code, stdout, stderr } = await explain('--config', config, '/unsafe/a.jpg')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('security.key: the environment variable NOBODY_HAS_SET_THIS is not set')
  })
})

describe('with an instance', () => {
  let instance: Instance
  beforeAll(async () => {
    instance = await startInstance({
      workers: 1,
      args: ['--set', 'images.quality=44', '--set', 'images.autoWebp=true'],
    })
  })
  afterAll(() => instance?.stop())

  test('a running worker answers, and what it plans is what it does', async () => {
    const signed = (await instance.cli('sign', PATH)).stdout.trim()
    const { code, stdout } = await instance.cli(
      'explain',
      '--json',
      '--accept',
      'image/webp',
      `${instance.base}${signed}`,
    )
    expect(code).toBe(0)
    const plan = JSON.parse(stdout) as Explanation
    expect(plan.encoder).toMatchObject({ format: 'webp', quality: 44 })
    expect(plan.cache?.stored).toBe(false)
    const reply = await instance.get(PATH, { accept: 'image/webp' })
    expect(reply.status).toBe(200)
    for (const name of ['Content-Type', 'ETag', 'Last-Modified', 'Cache-Control', 'Vary', 'X-Imgsvc-Ignored']) {
      expect(reply.headers.get(name), name).toBe(plan.headers?.[name])
    }
  })

  test('other settings are not those of the running instance: they are explained without it', async () => {
    const empty = join(instance.home, 'empty')
    mkdirSync(empty, { recursive: true })
    const args = [
      'explain',
      '--json',
      '--set',
      'images.quality=12',
      '/x/300x200/flower.jpg',
      '--state-dir',
      instance.stateDir,
    ]
    const { stdout } = await runCli(args, { cwd: empty })
    expect((JSON.parse(stdout) as Explanation).encoder).toMatchObject({ quality: 12 })
  })

  test('the key of the instance is known to both', async () => {
    const signed = (await instance.cli('sign', 'a.jpg')).stdout.trim()
    for (const extra of [[], ['--set', 'images.quality=12']]) {
      const { stdout } = await instance.cli('explain', '--json', ...extra, signed)
      expect(JSON.parse(stdout)).toMatchObject({ signature: { accepted: true, by: 'security.key' } })
    }
  })

  test('what is no path is refused by the control API', async () => {
    const reply = await fetch(`${instance.admin}/v1/picture.explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'no slash' }),
    })
    expect(reply.status).toBe(400)
    expect(await reply.json()).toMatchObject({ error: { code: 'CONTROL_PARAMS_INVALID' } })
  })

  test('without a running worker it says so', async () => {
    await instance.cli('stop', 'worker')
    const { code, stderr } = await instance.cli('explain', '/unsafe/a.jpg')
    expect(code).toBe(1)
    expect(stderr).toContain('No worker is ready')
    await instance.cli('start', 'worker')
  })
})
