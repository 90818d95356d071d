import { describe, expect, test } from 'vitest'
import { backupIndex, type RotationStep, rotation, type Writer } from './rotation.ts'

/** Carries steps out on a directory in memory: name → content. */
function apply(files: Record<string, string>, steps: readonly RotationStep[]): Record<string, string> {
  const after = { ...files }
  for (const step of steps) {
    if (step.type === 'delete') delete after[step.name]
    else if (step.type === 'truncate') after[step.name] = ''
    else if (step.type === 'finish') after[step.from] = ''
    else {
      expect(after, `${step.to} would be overwritten`).not.toHaveProperty([step.to])
      after[step.to] = after[step.from] as string
      if (step.type === 'rename') delete after[step.from]
    }
  }
  return after
}

const rotate = (files: Record<string, string>, backups: number, size = 11, writer: Writer = 'reopen') =>
  apply(files, rotation('a.log', size, Object.keys(files), { maxBytes: 10, backups }, writer))

describe('rotation', () => {
  test('a file within the limit, and one without a limit, stay', () => {
    expect(rotation('a.log', 10, ['a.log'], { maxBytes: 10, backups: 3 }, 'reopen')).toEqual([])
    expect(rotation('a.log', 1e9, ['a.log'], { maxBytes: 0, backups: 3 }, 'reopen')).toEqual([])
  })

  test('the file becomes .1, the others move up, the oldest goes', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.2': 'two', 'a.log.3': 'three' }
    expect(rotate(files, 3)).toEqual({ 'a.log.1': 'new', 'a.log.2': 'one', 'a.log.3': 'two' })
    expect(rotate({ 'a.log': 'new' }, 3)).toEqual({ 'a.log.1': 'new' })
  })

  test('files above a gap do not move', () => {
    const files = { 'a.log': 'new', 'a.log.1': 'one', 'a.log.3': 'three' }
    expect(rotate(files, 5)).toEqual({ 'a.log.1': 'new', 'a.log.2': 'one', 'a.log.3': 'three' })
  })

  test('fewer backups delete the surplus, even while the file is small', () => {
    const files = { 'a.log': 'x', 'a.log.1': 'one', 'a.log.2': 'two', 'a.log.9': 'nine' }
    expect(rotate(files, 1, 1)).toEqual({ 'a.log': 'x', 'a.log.1': 'one' })
    expect(rotate(files, 1)).toEqual({ 'a.log.1': 'x' })
  })

  test('without backups the file begins anew', () => {
    expect(rotate({ 'a.log': 'new' }, 0)).toEqual({ 'a.log': '' })
  })

  test('a file that its writer holds is copied', () => {
    expect(rotate({ 'a.log': 'new', 'a.log.1': 'one' }, 2, 11, 'hold')).toEqual({
      'a.log': '',
      'a.log.1': 'new',
      'a.log.2': 'one',
    })
  })

  test('a copy that fails has moved nothing', () => {
    const steps = rotation('a.log', 11, ['a.log', 'a.log.1'], { maxBytes: 10, backups: 2 }, 'hold')
    expect(steps[0]).toEqual({ type: 'copy', from: 'a.log', to: 'a.log.copy' })
  })

  test('other files are left alone', () => {
    const files = { 'a.log': 'new', 'a.log.gz': 'g', 'a.log.01': 'z', 'b.log.1': 'b', 'a.log.1.gz': 'g' }
    expect(rotate(files, 1)).toEqual({
      'a.log.1': 'new',
      'a.log.gz': 'g',
      'a.log.01': 'z',
      'b.log.1': 'b',
      'a.log.1.gz': 'g',
    })
  })
})

test('backup names are read strictly', () => {
  expect(['a.log', 'a.log.1', 'a.log.12'].map((name) => backupIndex('a.log', name))).toEqual([0, 1, 12])
  expect(['a.log.0', 'a.log.-1', 'a.log.1x', 'aXlog.1', 'a.log.'].map((name) => backupIndex('a.log', name))).toEqual(
    Array(5).fill(undefined),
  )
})
