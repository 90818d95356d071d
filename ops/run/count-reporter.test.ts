import { expect, test } from 'vitest'
import { countRun } from './count-reporter.mjs'

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
