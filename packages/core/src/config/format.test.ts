import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBytes, formatDuration, formatSetting } from './format.ts'
import { bytes, duration } from './setting.ts'

test('sizes and durations are written in the largest unit that fits', () => {
  expect([0, 1, 1500, 1024, 10_485_760, 3 * 1024 ** 3].map(formatBytes)).toEqual([
    '0',
    '1B',
    '1500B',
    '1KB',
    '10MB',
    '3GB',
  ])
  expect([0, 1, 1500, 30_000, 90_000, 86_400_000].map(formatDuration)).toEqual([
    '0',
    '1ms',
    '1500ms',
    '30s',
    '90s',
    '1d',
  ])
})

test('what is written is read back as the same value', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      expect(bytes().parse(formatBytes(value))).toBe(value)
      expect(duration().parse(formatDuration(value))).toBe(value)
    }),
  )
})

test('values are shown as they would be written in the file', () => {
  expect(formatSetting(10_485_760, 'size')).toBe('10MB')
  expect(formatSetting({ host: '::1', port: 80 }, 'address')).toBe('[::1]:80')
  expect(formatSetting('', 'text')).toBe("''")
  expect(formatSetting('auto', 'number')).toBe('auto')
  expect(formatSetting([], 'list')).toBe('[]')
  expect(formatSetting(false, 'boolean')).toBe('false')
})
