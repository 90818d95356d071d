import { expect, test } from 'vitest'
import { detachedArguments } from './up.ts'

test('a detached process gets the same flags, the state directory spelt out and a time to be ready in', () => {
  const args = { workers: '2', workerPort: 9100, set: ['a.b=1', 'c= d'], timeout: 1500 }
  expect(detachedArguments(args, '/var/lib/x y')).toEqual([
    '--state-dir=/var/lib/x y',
    '--workers=2',
    '--worker-port=9100',
    '--set=a.b=1',
    '--set=c= d',
    '--timeout=1.5',
  ])
  expect(detachedArguments({}, '/s')).toEqual(['--state-dir=/s', '--timeout=60'])
})
