import { expect, test } from 'vitest'
import { signalOf } from './signal-name.ts'

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['TERM', 'SIGTERM'],
  ['usr1', 'SIGUSR1'],
  ['15', 'SIGTERM'],
  ['9', 'SIGKILL'],
])('%s is %s', (text, signal) => {
  expect(signalOf(text)).toBe(signal)
})

test.each(['', 'SIG', 'SIGNOPE', '0', '-9', '099', '15x', 'constructor'])('%j is no signal', (text) => {
  expect(signalOf(text)).toBeUndefined()
})
