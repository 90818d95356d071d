import { expect, test } from 'vitest'
import { envNameOf, flagNameOf, listSettings, pathOfName } from './names.ts'

test('a setting has one name in the file, the environment and on the command line', () => {
  expect(envNameOf('balancer.maxBody')).toBe('IMGSVC_BALANCER_MAX_BODY')
  expect(flagNameOf('balancer.maxBody')).toBe('balancer-max-body')
  expect(pathOfName('IMGSVC_BALANCER_MAX_BODY')).toBe('balancer.maxBody')
  expect(pathOfName('balancer-max-body')).toBe('balancer.maxBody')
  expect(pathOfName('IMGSVC_NOTHING')).toBeUndefined()
})

test('no two paths share a name in the environment or on the command line', () => {
  const settings = listSettings().filter(({ env }) => env !== undefined)
  // Sections of different types may have a setting of the same name: one path, one name.
  const { size } = new Set(settings.map(({ path }) => path))
  expect(new Set(settings.map(({ env }) => env)).size).toBe(size)
  expect(new Set(settings.map(({ path }) => flagNameOf(path))).size).toBe(size)
  for (const { path, env } of settings) expect(pathOfName(env as string)).toBe(path)
})

test('every setting says in a sentence what it is for', () => {
  for (const { path, meta } of listSettings()) expect(meta.doc, path).toMatch(/^[^ ].*\.$/s)
})

test('settings carry what the documents need', () => {
  const byPath = new Map(listSettings().map((setting) => [`${setting.path} ${setting.type ?? ''}`.trim(), setting]))
  expect(byPath.get('workers.count')).toMatchObject({
    env: 'IMGSVC_WORKERS_COUNT',
    kind: 'number',
    expected: '"auto" or a whole number from 1 to 256',
    fallback: 'auto',
    meta: { reload: 'live' },
  })
  expect(byPath.get('storage.type')).toMatchObject({
    kind: 'choice',
    expected: '"none", "file", "s3" or "mixed"',
    fallback: 'none',
  })
  expect(byPath.get('storage.root file')).toMatchObject({ env: 'IMGSVC_STORAGE_ROOT', fallback: './originals' })
  expect(byPath.get('sources[].root file')).toMatchObject({ env: undefined, meta: { path: true } })
  expect(byPath.get('sources[].root s3')?.meta.path).toBeUndefined()
  expect(byPath.get('security.previousKeys')).toMatchObject({ kind: 'list', meta: { secret: true } })
})
