import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ImgsvcError } from './errors.ts'
import { createLog } from './log.ts'

const read = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('lines are JSON with the level as a word, ISO time, id and pid', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'worker-0.log')
  const handle = createLog({ file, level: 'info', base: { id: 'worker:0', pid: 7 } })
  handle.log.info({ source: 'cats/1.jpg' }, 'fetched')
  handle.log.debug('not written')
  handle.log.error(
    { err: new ImgsvcError('SOURCE_FAILED', 'no route', { cause: new Error('EHOSTUNREACH') }) },
    'failed',
  )
  await handle.close()
  const [first, second, ...rest] = read(file)
  expect(first).toMatchObject({ level: 'info', id: 'worker:0', pid: 7, source: 'cats/1.jpg', msg: 'fetched' })
  expect(new Date(first?.time as string).toISOString()).toBe(first?.time)
  expect(second).toMatchObject({ level: 'error', err: { code: 'SOURCE_FAILED' } })
  expect(JSON.stringify(second)).toContain('EHOSTUNREACH')
  expect(rest).toEqual([])
})

test('the level can be changed while running', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'a.log')
  const handle = createLog({ file, level: 'error', base: { id: 'worker:0', pid: 7 } })
  handle.log.info('unwanted')
  handle.setLevel('info')
  handle.log.info('wanted')
  await handle.close()
  expect(read(file).map((line) => line.msg)).toEqual(['wanted'])
})
