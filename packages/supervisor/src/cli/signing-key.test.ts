import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Cli } from './context.ts'
import { signingKey } from './signing-key.ts'

let home: string
let cli: Cli
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'iv-'))
  mkdirSync(join(home, 's'))
  cli = { env: { MY_KEY: 'from-env' }, cwd: home } as unknown as Cli
})
afterEach(() => rmSync(home, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(join(home, name), text)
const key = (flags: { key?: string; config?: string } = {}) => signingKey(flags, join(home, 's'), cli)

test('the flag wins over the configuration, and that over the generated key', async () => {
  write('s/security.key', 'generated\n')
  expect(await key()).toBe('generated')
  write('imgsvc.yaml', 'security: { key: env:MY_KEY }\n')
  expect(await key()).toBe('from-env')
  expect(await key({ key: 'typed' })).toBe('typed')
})

test('a key file is found relative to the configuration that names it', async () => {
  mkdirSync(join(home, 'conf'))
  write('conf/c.yaml', 'security: { key: file:./k }\n')
  write('conf/k', 'from-file\n')
  expect(await key({ config: 'conf/c.yaml' })).toBe('from-file')
})

test('without any key the message says where it was looked for', async () => {
  const generated = join(home, 's', 'security.key')
  await expect(key()).rejects.toThrow(`there is no configuration file, and ${generated} does not exist; use --key`)
})
