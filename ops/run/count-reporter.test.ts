import { expect, test } from 'vitest'
import { countRun, vectorLines } from './count-reporter.mjs'

const module = (states: readonly string[], state: string) => ({
  children: { allTests: () => states.map((one) => ({ result: () => ({ state: one }) })) },
  state: () => state,
})

test('tests are counted by their outcome', () => {
  const modules = [module(['passed', 'passed', 'skipped'], 'passed'), module(['failed', 'passed', 'pending'], 'failed')]
  expect(countRun(modules, [])).toEqual({ passed: 3, failed: 1, skipped: 2 })
})

test('a file that does not load and an error outside tests are failures', () => {
  expect(countRun([module([], 'failed'), module(['passed'], 'failed')], [new Error('late')])).toEqual({
    passed: 1,
    failed: 3,
    skipped: 0,
  })
})

test('what a test says of vectors becomes a line of each file', () => {
  const told = [
    { file: 'a.json', run: 8, rows: 8, left: [] },
    { file: 'b.json', run: 7, rows: 9, left: ['2: why'] },
  ]
  const modules = [{ children: { allTests: () => [{ meta: () => ({}) }, { meta: () => ({ vectors: told }) }] } }]
  expect(vectorLines(modules)).toEqual(['vectors: a.json 8 of 8', 'vectors: b.json 7 of 9 (left out 2: why)'])
})
