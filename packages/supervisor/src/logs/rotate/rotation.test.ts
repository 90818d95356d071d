import { describe, expect, test } from 'vitest'
import { formatLogName, logOf, parseLogName } from '../log-name.ts'
import { type RotationStep, rotation, surplus } from './rotation.ts'

/** Carries steps out on a directory in memory: name → content. */
function apply(files: Record<string, string>, steps: readonly RotationStep[]): Record<string, string> {
  const after = { ...files }
  for (const step of steps) {
    if (step.type === 'delete') delete after[step.name]
    else if (step.type === 'truncate') after[step.name] = ''
    else {
      expect(after, `${step.to} would be overwritten`).not.toHaveProperty([step.to])
      after[step.to] = after[step.from] as string
      delete after[step.from]
    }
  }
  return after
}

const rotate = (files: Record<string, string>, backups: number, newest?: string) =>
  apply(files, rotation('a.log', Object.keys(files), backups, newest))

describe('rotation', () => {
  test('the file becomes .1, the others move up, the oldest goes', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.2': 'two', 'a.log.3': 'three' }
    expect(rotate(files, 3)).toEqual({ 'a.log.1': 'new', 'a.log.2': 'one', 'a.log.3': 'two' })
    expect(rotate({ 'a.log': 'new' }, 3)).toEqual({ 'a.log.1': 'new' })
  })

  test('compressed files move as they are', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.2.gz': 'two', 'a.log.3.gz': 'three' }
    expect(rotate(files, 3)).toEqual({ 'a.log.1': 'new', 'a.log.2': 'one', 'a.log.3.gz': 'two' })
  })

  test('files above a gap do not move', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.3': 'three' }
    expect(rotate(files, 5)).toEqual({ 'a.log.1': 'new', 'a.log.2': 'one', 'a.log.3': 'three' })
  })

  test('without backups the file begins anew', () => {
    expect(rotate({ 'a.log': 'new' }, 0)).toEqual({ 'a.log': '' })
    expect(rotate({ 'a.log': 'new', 'a.log.copy': 'new' }, 0, 'a.log.copy')).toEqual({ 'a.log': 'new' })
  })

  test('a copy takes the place of the file', () => {
    const files = { 'a.log': 'held', 'a.log.1': 'one', 'a.log.copy': 'new' }
    expect(rotate(files, 2, 'a.log.copy')).toEqual({ 'a.log': 'held', 'a.log.1': 'new', 'a.log.2': 'one' })
  })

  test('cut off after any step, every file is still there, and the next rotation finds its way', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.2.gz': 'two' }
    const steps = rotation('a.log', Object.keys(files), 9)
    for (let done = 0; done <= steps.length; done++) {
      const half = apply(files, steps.slice(0, done))
      expect(Object.values(half).sort()).toEqual(['new', 'one', 'two'])
      const next = { 'a.log': 'next', ...half }
      expect(Object.values(apply(next, rotation('a.log', Object.keys(next), 9)))).toEqual(
        expect.arrayContaining(['one', 'two']),
      )
    }
  })

  test('other files are left alone', () => {
    const others = { 'a.log.gz': 'g', 'a.log.01': 'z', 'b.log.1': 'b', 'a.log.1.bz2': 'g' }
    expect(rotate({ 'a.log': 'new', ...others }, 1)).toEqual({ 'a.log.1': 'new', ...others })
  })
})

describe('surplus', () => {
  test('backups beyond the number kept, plain and compressed', () => {
    const files = { 'a.log': 'x', 'a.log.1': 'one', 'a.log.2': 'two', 'a.log.9.gz': 'nine', 'a.log.gz': 'other' }
    expect(apply(files, surplus('a.log', Object.keys(files), 1))).toEqual({
      'a.log': 'x',
      'a.log.1': 'one',
      'a.log.gz': 'other',
    })
    expect(surplus('a.log', ['a.log', 'a.log.1', 'a.log.2.gz'], 2)).toEqual([])
  })

  test('an original that was not deleted after its compression', () => {
    const files = { 'a.log': 'x', 'a.log.2': 'two', 'a.log.2.gz': 'TWO' }
    expect(apply(files, surplus('a.log', Object.keys(files), 5))).toEqual({ 'a.log': 'x', 'a.log.2.gz': 'TWO' })
  })
})

describe('names', () => {
  test('are read strictly, and written the same', () => {
    for (const name of ['a.log', 'a.log.1', 'a.log.12', 'a.log.3.gz']) {
      const parsed = parseLogName('a.log', name)
      expect(parsed && formatLogName('a.log', parsed)).toBe(name)
    }
    for (const name of ['a.log.0', 'a.log.-1', 'a.log.1x', 'aXlog.1', 'a.log.', 'a.log.gz', 'a.log.1.gz.tmp']) {
      expect(parseLogName('a.log', name), name).toBeUndefined()
    }
  })

  test('tell the log that a file belongs to, whichever process it is of', () => {
    expect(logOf('worker-12.stderr.log.3.gz')).toBe('worker-12.stderr.log')
    expect(logOf('supervisor.log')).toBe('supervisor.log')
    expect(logOf('worker-0.log.2.gz.tmp')).toBe('worker-0.log')
    expect(logOf('worker-0.stderr.log.copy')).toBe('worker-0.stderr.log')
    for (const name of ['nginx.log', 'worker-0.log.bak', 'worker.log', 'worker-0.log.1.xz', 'my-worker-0.log']) {
      expect(logOf(name), name).toBeUndefined()
    }
  })
})
