import { describe, expect, test } from 'vitest'
import {
  bytes,
  duration,
  formatHostPort,
  functionName,
  hostPattern,
  hostPort,
  networkRange,
  parseHostPort,
  secret,
  serverUrl,
  timeout,
} from './setting.ts'

describe('sizes', () => {
  test.each([
    ['10MB', 10_485_760],
    ['1.5 kb', 1536],
    ['0', 0],
    ['7b', 7],
    [4096, 4096],
    [0, 0],
  ])('%j is %d bytes', (text, value) => {
    expect(bytes().parse(text)).toBe(value)
  })

  test.each([
    '10',
    '10M',
    '-1MB',
    '',
    'MB',
    '1e3MB',
    `${'9'.repeat(400)}GB`,
    -1,
    Number.NaN,
    Infinity,
    null,
    [],
    '1 0MB',
  ])('%j is refused', (text) => {
    expect(bytes().safeParse(text).success).toBe(false)
  })
})

describe('durations', () => {
  test.each([
    ['30d', 2_592_000_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2H', 7_200_000],
    [60_000, 60_000],
  ])('%j is %d ms', (text, value) => {
    expect(duration().parse(text)).toBe(value)
  })

  test('what a timer waits for stays below the bound of timers', () => {
    expect(timeout().parse('24d')).toBeLessThan(2 ** 31)
    expect(timeout().safeParse('25d').success).toBe(false)
  })

  test('an age stays within what a date can hold', () => {
    const longest = duration().parse('36500d')
    expect(new Date(Date.now() + longest).toUTCString()).not.toBe('Invalid Date')
    expect(duration().safeParse('36501d').success).toBe(false)
  })
})

describe('addresses', () => {
  test.each([
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['[::1]:9001', { host: '::1', port: 9001 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
    [8080, { host: '0.0.0.0', port: 8080 }],
    [
      { host: 'localhost', port: 1 },
      { host: 'localhost', port: 1 },
    ],
  ])('%j', (text, value) => {
    expect(hostPort().parse(text)).toEqual(value)
  })

  test.each([
    '',
    'host',
    '::1:80',
    'a b:80',
    '1.2.3.4:65536',
    80.5,
    -1,
    { host: 'x', port: -5 },
    { host: '', port: 1 },
    null,
  ])('%j is refused', (text) => {
    expect(hostPort().safeParse(text).success).toBe(false)
  })

  test('what is printed is read back', () => {
    for (const address of [
      { host: '::1', port: 80 },
      { host: '127.0.0.1', port: 0 },
    ]) {
      expect(parseHostPort(formatHostPort(address))).toEqual(address)
    }
  })
})

test('secrets are texts; a reference must name something', () => {
  for (const text of ['', 'plain', 'env:A_1', 'file:./key', 'file:/a b']) expect(secret().parse(text)).toBe(text)
  for (const text of ['env:', 'env:1A', 'env:A B', 'file:']) expect(secret().safeParse(text).success).toBe(false)
})

test('hosts are names or a wildcard in front of one, not URLs', () => {
  for (const text of ['img.example.com', '*.example.org', 'localhost', '10.0.0.1', '[::1]']) {
    expect(hostPattern().parse(text)).toBe(text)
  }
  for (const text of ['', '*', 'https://a.com', 'a.com/x', 'a.com:80', '*.*.com', 'a b', 'u@a.com']) {
    expect(hostPattern().safeParse(text).success, text).toBe(false)
  }
})

test('ranges of addresses have a length that fits', () => {
  for (const text of ['127.0.0.0/8', '10.1.2.3/32', 'fd00::/8', '::1/128'])
    expect(networkRange().parse(text)).toBe(text)
  for (const text of ['', '127.0.0.1', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', '300.0.0.0/8']) {
    expect(networkRange().safeParse(text).success, text).toBe(false)
  }
})

test('the URL of a server is http or https', () => {
  for (const text of ['', 'http://127.0.0.1:9000', 'https://s3.example.com/x'])
    expect(serverUrl().parse(text)).toBe(text)
  for (const text of ['minio:9000', 'ftp://a', 'http://', '/x'])
    expect(serverUrl().safeParse(text).success, text).toBe(false)
})

test('a function is a name or a path of names, and nothing that could be other code', () => {
  for (const text of ['', 'cb', 'app.show_1', '$', `x${'y'.repeat(127)}`]) expect(functionName().parse(text)).toBe(text)
  for (const text of ['a b', 'a(', '1a', '.a', 'alert(1)//', 'é', 'a\n', `x${'y'.repeat(128)}`]) {
    expect(functionName().safeParse(text).success, text).toBe(false)
  }
})
