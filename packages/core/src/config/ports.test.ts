import { expect, test } from 'vitest'
import { loadConfig } from './load.ts'
import { portMistakes } from './ports.ts'

const { config } = loadConfig({ env: {}, base: '/srv' })
const address = (text: string) => ({ host: text.split(':')[0] as string, port: Number(text.split(':')[1]) })
const mistakes = (listen: string, admin: string, basePort = 8000, count: number | 'auto' = 4) =>
  portMistakes({
    ...config,
    listen: address(listen),
    admin: { ...config.admin, listen: address(admin) },
    workers: { ...config.workers, basePort, count },
  }).map(({ path, message }) => `${path}: ${message}`)

test('the defaults go together', () => {
  expect(portMistakes(config)).toEqual([])
})

test('a worker cannot have a port past 65535', () => {
  expect(mistakes('0.0.0.0:80', '127.0.0.1:81', 65_534)).toEqual([
    'workers.basePort: 4 workers from port 65534 on run past 65535',
  ])
  expect(mistakes('0.0.0.0:80', '127.0.0.1:81', 65_532)).toEqual([])
  expect(mistakes('0.0.0.0:80', '127.0.0.1:81', 65_535, 'auto')).toHaveLength(1)
})

test('the public and the admin port stay clear of the workers', () => {
  expect(mistakes('0.0.0.0:8003', 'localhost:8000')).toEqual([
    'listen: ports 8000 to 8003 belong to the workers (workers.basePort), got 8003',
    'admin.listen: ports 8000 to 8003 belong to the workers (workers.basePort), got 8000',
  ])
  expect(mistakes('0.0.0.0:8004', '127.0.0.1:7999')).toEqual([])
})

test('another address of the machine may use a port of the workers', () => {
  expect(mistakes('10.0.0.5:8001', '127.0.0.1:9001')).toEqual([])
})

test('the admin port is not the public one, unless the addresses differ or the system chooses', () => {
  expect(mistakes('0.0.0.0:80', '127.0.0.1:80')).toEqual([
    'admin.listen: port 80 is the public one (listen); choose another',
  ])
  expect(mistakes('10.0.0.5:80', '127.0.0.1:80')).toEqual([])
  expect(mistakes('127.0.0.1:0', '127.0.0.1:0')).toEqual([])
})
