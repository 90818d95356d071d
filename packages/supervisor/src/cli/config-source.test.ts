import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseConfigFile, configSource } from './config-source.ts'
import type { Cli } from './context.ts'
import { samplesDir } from './default-config.ts'

let cwd: string
let cli: Cli
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'iv-'))
  cli = { env: {}, cwd } as unknown as Cli
})
afterEach(() => rmSync(cwd, { recursive: true }))

const write = (name: string, text: string) => {
  writeFileSync(join(cwd, name), text)
  return join(cwd, name)
}

test('the file is that of the flag, else of the environment, else ./imgsvc.yaml, else none', () => {
  expect(chooseConfigFile(undefined, cli)).toBeUndefined()
  const found = write('imgsvc.yaml', '')
  expect(chooseConfigFile(undefined, cli)).toBe(found)
  const env = { IMGSVC_CONFIG: 'other.yaml' }
  expect(chooseConfigFile(undefined, { ...cli, env })).toBe(join(cwd, 'other.yaml'))
  expect(chooseConfigFile('flag.yaml', { ...cli, env })).toBe(join(cwd, 'flag.yaml'))
})

test('without a file: sample photographs, and everything written below the state directory', async () => {
  const { file, load } = await configSource({}, '/state', cli)
  const { config, origins } = load()
  expect(file).toBeUndefined()
  expect(config).toMatchObject({
    listen: { host: '0.0.0.0', port: 8080 },
    sources: [{ type: 'file', root: samplesDir() }],
    storage: { type: 'file', root: '/state/originals' },
    results: { type: 'file', root: '/state/results' },
    logs: { dir: '/state/logs' },
  })
  expect(origins['workers.count']).toBe('default')
})

test('flags become settings that know their flag', async () => {
  const flags = { listen: '[::1]:81', workers: '3', workerPort: 9100, admin: '127.0.0.1:82', set: ['images.quality=7'] }
  const { config, origins } = (await configSource(flags, '/state', cli)).load()
  expect(config).toMatchObject({
    listen: { host: '::1', port: 81 },
    workers: { count: 3, basePort: 9100 },
    admin: { listen: { host: '127.0.0.1', port: 82 } },
    images: { quality: 7 },
  })
  expect([origins['workers.count'], origins['images.quality']]).toEqual(['flag:--workers', 'flag:--set images.quality'])
})

test('a value may hold further equals signs', async () => {
  const { config, origins } = (await configSource({ set: ['security.key=a=b='] }, '/state', cli)).load()
  expect([config.security.key, origins['security.key']]).toEqual(['a=b=', 'flag:--set security.key'])
})

test('--set without an equals sign is a mistake that shows how', async () => {
  const { load } = await configSource({ set: ['images.quality'] }, '/state', cli)
  expect(load).toThrow('--set images.quality: expected --set NAME=VALUE')
})

test('--root takes the place of the file source’s root, wherever it stands among the sources', async () => {
  mkdirSync(join(cwd, 'mine: [x]'))
  const file = write('c.yaml', 'sources:\n  - { type: http }\n  - { type: file, root: ./old }\n')
  const { config, origins } = (await configSource({ config: file, root: 'mine: [x]' }, '/state', cli)).load()
  expect(config.sources[0]).toMatchObject({ type: 'http' })
  expect(config.sources[1]).toEqual({ type: 'file', root: join(cwd, 'mine: [x]') })
  expect(origins['sources.1.root']).toBe('flag:--root')
})

test('--root without a file source is a mistake', async () => {
  const file = write('c.yaml', 'sources: [{ type: http }]\n')
  const { load } = await configSource({ config: file, root: 'x' }, '/state', cli)
  expect(load).toThrow('--root: the configuration has no source of type file')
})

test('loading again sees what the file has become', async () => {
  const file = write('c.yaml', 'images: { quality: 50 }\n')
  const { load } = await configSource({ config: file }, '/state', cli)
  expect(load().config.images.quality).toBe(50)
  write('c.yaml', 'images: { quality: 60 }\n')
  expect(load().config.images.quality).toBe(60)
})
