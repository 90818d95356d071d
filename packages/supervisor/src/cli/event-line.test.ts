import type { ServiceEvent } from '@imgsvc/core/events'
import { expect, test } from 'vitest'
import { eventLine } from './event-line.ts'

const at = new Date(2026, 10, 21, 3, 4, 5, 678).getTime()
const crash = (cause: 'crash' | 'hang', reason: string): ServiceEvent => ({
  ...{ type: 'crash', seq: 1, at, process: 'worker:2', pid: 4312, generation: 1, cause, reason },
  exit: { code: null, signal: 'SIGKILL', at },
})

test.each([
  ['crash', 'was killed by SIGKILL', 'worker:2  crash  pid 4312  SIGKILL  was killed by SIGKILL'],
  ['hang', 'was silent for 10 s', 'worker:2  crash (hang)  pid 4312  SIGKILL  was silent for 10 s'],
] as const)('a %s is told in local time, its cause once', (cause, reason, text) => {
  expect(eventLine(crash(cause, reason))).toBe(`2026-11-21 03:04:05.678  ${text}`)
})
