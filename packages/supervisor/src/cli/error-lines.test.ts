import { ImgsvcError } from '@imgsvc/core/errors'
import { expect, test } from 'vitest'
import { errorLines } from './error-lines.ts'

test('one cause is one line', () => {
  const error = new ImgsvcError('PORT_TAKEN', '127.0.0.1:8000 is held by pid 7 (nc)')
  expect(errorLines(error)).toEqual(['imgsvc: A port is already in use: 127.0.0.1:8000 is held by pid 7 (nc)'])
})

test('the name of the program is not said twice', () => {
  expect(errorLines(new ImgsvcError('ALREADY_RUNNING', 'pid 7'))).toEqual(['imgsvc is already running: pid 7'])
  expect(errorLines(new ImgsvcError('NOT_RUNNING', 'no answer on /s'))).toEqual([
    'imgsvc is not running (no answer on /s)',
  ])
})

test('a supervisor that is silent is not said to be absent', () => {
  const cause = new ImgsvcError('DEADLINE')
  expect(errorLines(new ImgsvcError('NOT_RUNNING', 'no answer on /s within 2 s', { cause }))).toEqual([
    'imgsvc does not answer (no answer on /s within 2 s)',
  ])
})

test('several mistakes stand as they are, so that an editor can jump to them', () => {
  const error = new ImgsvcError('CONFIG_INVALID', 'a.yaml:1:2: x\na.yaml:3:4: y')
  expect(errorLines(error)).toEqual(['imgsvc: The configuration is not valid:', 'a.yaml:1:2: x', 'a.yaml:3:4: y'])
})

test('what nobody foresaw is told in the words of the system', () => {
  expect(errorLines(new Error('ENOSPC: no space left'))).toEqual(['imgsvc: ENOSPC: no space left'])
})
