import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Order, orderFile, readOrder } from './orders.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'co-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const give = (target: string, order: Order) => writeFileSync(orderFile(dir, target), JSON.stringify(order))

describe('orders', () => {
  test('are looked for by id, then by role, then for all', () => {
    expect(readOrder(dir, 'worker:1')).toBeUndefined()
    give('all', { fault: 'clock', offsetMs: 1 })
    expect(readOrder(dir, 'supervisor')).toEqual({ fault: 'clock', offsetMs: 1 })
    give('worker', { fault: 'abort' })
    give('worker:1', { fault: 'block', ms: 5 })
    expect(readOrder(dir, 'worker:1')).toEqual({ fault: 'block', ms: 5 })
    expect(readOrder(dir, 'worker:2')).toEqual({ fault: 'abort' })
  })

  test('that are half written count as none', () => {
    writeFileSync(orderFile(dir, 'all'), '{"fault":')
    expect(readOrder(dir, 'worker:1')).toBeUndefined()
  })
})
