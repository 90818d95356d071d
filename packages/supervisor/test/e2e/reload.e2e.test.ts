import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instance, startInstance } from './instance.ts'
import { until } from './until.ts'

const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url))
const PATH = '300x200/flower.jpg'

const configText = (quality: number | string) => `sources:
  - { type: file, root: ${JSON.stringify(SAMPLES)} }
images:
  quality: ${quality}
`

let instance: Instance
beforeAll(async () => {
  instance = await startInstance({ workers: 2, config: configText(90) })
})
afterAll(() => instance?.stop())

const sizeNow = async () => {
  const response = await instance.get(PATH)
  expect(response.status).toBe(200)
  return (await response.arrayBuffer()).byteLength
}
/** Both workers must answer alike, so look more often than there are workers. */
const sizes = async () => new Set(await Promise.all(Array.from({ length: 6 }, sizeNow)))
const pids = async () => (await instance.status()).map(({ id, pid }) => `${id} ${pid}`)
const supervisorLog = () => readFileSync(join(instance.stateDir, '..', 'logs', 'supervisor.log'), 'utf8')

test('reload applies a live setting without restarting a process', async () => {
  const [before, [fine]] = [await pids(), [...(await sizes())]]
  writeFileSync(instance.configFile, configText(20))
  const { code, stdout, stderr } = await instance.cli('reload')
  expect(code, stderr).toBe(0)
  expect(stdout).toBe('changed: images.quality\n')
  const after = [...(await sizes())]
  expect(after).toHaveLength(1)
  expect(after[0]).toBeLessThan(fine as number)
  expect(await pids()).toEqual(before)
})

test('--dry-run changes nothing', async () => {
  const before = [...(await sizes())]
  writeFileSync(instance.configFile, configText(60))
  expect((await instance.cli('reload', '--dry-run')).stdout).toBe('would change: images.quality\n')
  expect([...(await sizes())]).toEqual(before)
})

test('SIGHUP reloads', async () => {
  const [before] = [...(await sizes())]
  writeFileSync(instance.configFile, configText(75))
  instance.signal('SIGHUP')
  await until('the pictures are of the new quality', async () => (await sizeNow()) > (before as number))
})

test('a mistake is reported with file:line:column and changes nothing, by command and by SIGHUP', async () => {
  const before = [await pids(), [...(await sizes())]]
  writeFileSync(instance.configFile, configText('lots'))
  const place = `${instance.configFile}:4:12: images.quality: `
  const { code, stderr } = await instance.cli('reload')
  expect(code).toBe(1)
  expect(stderr).toContain(place)
  const logged = supervisorLog().length
  instance.signal('SIGHUP')
  await until('the mistake is in the log', () => supervisorLog().slice(logged).includes(place))
  expect([await pids(), [...(await sizes())]]).toEqual(before)
})
