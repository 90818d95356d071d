import { loadConfig } from '@imgsvc/core/config/load'
import { expect, test } from 'vitest'
import { browsable, readyLines } from './ready-lines.ts'

const { config } = loadConfig({ env: {}, base: '/', flags: { 'admin.listen': '[::]:9001' } })
const facts = {
  config,
  stateDir: '/s',
  version: '1.2.3',
  configFile: undefined,
  picture: undefined,
  detached: false,
  stateFlag: '',
  command: 'imgsvc',
}

test('a wildcard address is shown as loopback, which a browser can open', () => {
  expect(browsable({ host: '0.0.0.0', port: 8080 })).toBe('http://127.0.0.1:8080')
  expect(browsable({ host: '::', port: 80 })).toBe('http://[::1]:80')
  expect(browsable({ host: '10.0.0.7', port: 80 })).toBe('http://10.0.0.7:80')
})

test('on the samples there is a picture to click on', () => {
  expect(readyLines({ ...facts, picture: '/SIG=/300x200/smart/flower.jpg' })).toEqual([
    'imgsvc 1.2.3 is ready',
    '  picture http://127.0.0.1:8080/SIG=/300x200/smart/flower.jpg',
    '  sign    imgsvc sign 300x200/smart/coffee.png',
    '  admin   http://[::1]:9001/',
    '  config  built-in default',
    '  state   /s',
    '  stop    Ctrl-C, or: imgsvc down',
  ])
})

test('with a configuration of one’s own: the base address, how to sign, and how to stop this instance', () => {
  const lines = readyLines({
    ...facts,
    configFile: '/c.yaml',
    detached: true,
    stateFlag: ' --state-dir /s',
    command: 'npx imgsvc',
  })
  expect(lines).toContain('  picture http://127.0.0.1:8080/…')
  expect(lines).toContain('  sign    npx imgsvc sign 300x200/smart/PICTURE.jpg --config /c.yaml --state-dir /s')
  expect(lines).toContain('  config  /c.yaml')
  expect(lines).toContain('  stop    npx imgsvc down --state-dir /s')
})
