import { expect, test } from 'vitest'
import { maxClients, openFilesLimit } from './limits.ts'

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             95000                95000                processes
Max open files            128                  4096                 files
`

test('reads the soft limit of open files', () => {
  expect(openFilesLimit(LIMITS)).toBe(128)
  expect(openFilesLimit(LIMITS.replace('128      ', 'unlimited'))).toBe(Number.POSITIVE_INFINITY)
  expect(openFilesLimit('')).toBe(Number.POSITIVE_INFINITY)
})

test('leaves every client a connection to a worker', () => {
  expect(maxClients(128)).toBe(32)
  expect(maxClients(65_536)).toBe(32_736)
  expect(maxClients(32)).toBe(16)
  expect(maxClients(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
})
