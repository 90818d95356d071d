import { expect, test } from 'vitest'
import { createStreamLog } from './stream-log.ts'

test('lines of the level and above come as plain lines, one at a time', () => {
  const lines: string[] = []
  const log = createStreamLog((line) => lines.push(line), 'warn')
  log.info('not shown')
  log.warn({ source: 'a.jpg' }, 'slow')
  expect(lines).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d [\d:,]+ WARN slow source=a\.jpg\n$/)])
})
