import { expect, test } from 'vitest'
import { chooseStateDir } from './state-dir.ts'

const user = { env: {}, cwd: '/srv', home: '/home/ann', uid: 1000 }

test.each([
  ['the flag, relative to the working directory', 'here', { ...user, env: { IMGSVC_STATE_DIR: '/e' } }, '/srv/here'],
  ['the environment', undefined, { ...user, env: { IMGSVC_STATE_DIR: '/e' } }, '/e'],
  [
    'an empty variable counts as none',
    undefined,
    { ...user, env: { IMGSVC_STATE_DIR: '' } },
    '/home/ann/.local/state/imgsvc',
  ],
  ['root', undefined, { ...user, uid: 0 }, '/var/lib/imgsvc'],
  ['XDG_STATE_HOME', undefined, { ...user, env: { XDG_STATE_HOME: '/x' } }, '/x/imgsvc'],
  [
    'a relative XDG_STATE_HOME is ignored',
    undefined,
    { ...user, env: { XDG_STATE_HOME: 'x' } },
    '/home/ann/.local/state/imgsvc',
  ],
])('%s', (_, flag, cli, expected) => {
  expect(chooseStateDir(flag, cli)).toBe(expected)
})
