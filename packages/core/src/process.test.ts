import { describe, expect, test } from 'vitest'
import { isSelected, type ProcessId, parseSelector } from './process.ts'

const PROCESSES: readonly { id: ProcessId; port: number }[] = [
  { id: 'balancer:0', port: 8080 },
  { id: 'worker:0', port: 8000 },
  { id: 'worker:2', port: 8002 },
]

describe('selectors', () => {
  test.each([
    ['all', ['balancer:0', 'worker:0', 'worker:2']],
    ['worker', ['worker:0', 'worker:2']],
    ['worker:*', ['worker:0', 'worker:2']],
    ['balancer:*', ['balancer:0']],
    ['worker:2', ['worker:2']],
    ['worker:8002', ['worker:2']],
    ['worker:1', []],
  ])('%s', (text, ids) => {
    const selector = parseSelector(text)
    expect(PROCESSES.filter((process) => isSelected(selector, process)).map(({ id }) => id)).toEqual(ids)
  })

  test.each(['', '*', 'all:*', 'worker:', 'worker:**', 'worker:*2', 'worker:-1', 'nginx'])('%j is none', (text) => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'SELECTOR_INVALID' }))
  })
})
