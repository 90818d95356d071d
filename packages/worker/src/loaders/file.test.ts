import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loaderContract } from '../../test/contracts/loader-contract.ts'
import { createFileLoader } from './file.ts'
import type { Loader } from './loader.ts'

loaderContract('file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'il-'))
  const bytes = Buffer.from('the bytes of a picture')
  await writeFile(join(root, 'a.jpg'), bytes)
  return {
    loader: createFileLoader({ root }),
    present: { source: 'a.jpg', bytes },
    missing: 'b.jpg',
    dispose: () => rm(root, { recursive: true }),
  }
})

const signal = new AbortController().signal
let base: string
let loader: Loader
const text = async (source: string) => (await loader.load(source, { signal })).bytes.toString()

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'il-'))
  const root = join(base, 'img')
  await mkdir(join(root, 'cats'), { recursive: true })
  await mkdir(join(base, 'img-secret'))
  await writeFile(join(base, 'outside.txt'), 'secret')
  await writeFile(join(base, 'img-secret/x.jpg'), 'secret')
  await writeFile(join(root, 'cats/1.jpg'), 'cat')
  await writeFile(join(root, 'a b.jpg'), 'space')
  await writeFile(join(root, 'ça.jpg'), 'cedilla')
  await writeFile(join(root, 'literal%20name.jpg'), 'literal')
  await writeFile(join(root, 'q?x#y.jpg'), 'query')
  await symlink(join(base, 'outside.txt'), join(root, 'out.txt'))
  await symlink(join(base, 'img-secret'), join(root, 'out-dir'))
  await symlink('cats/1.jpg', join(root, 'in.jpg'))
  await symlink('loop', join(root, 'loop'))
  await symlink('/dev/zero', join(root, 'zero'))
  execFileSync('mkfifo', [join(root, 'fifo')])
  loader = createFileLoader({ root })
})
afterAll(() => rm(base, { recursive: true }))

test.each([
  ['cats/1.jpg', 'cat'],
  ['/cats/1.jpg', 'cat'],
  ['///cats/1.jpg', 'cat'],
  ['cats%2F1.jpg', 'cat'],
  ['cats/../cats/./1.jpg', 'cat'],
  ['in.jpg', 'cat'],
  ['a%20b.jpg', 'space'],
  ['a b.jpg', 'space'],
  ['%C3%A7a.jpg', 'cedilla'],
  ['q%3Fx%23y.jpg', 'query'],
  ['literal%2520name.jpg', 'literal'],
])('%j is found', async (source, content) => {
  expect(await text(source)).toBe(content)
})

test('the name as written is tried when the decoded one is missing', async () => {
  expect(await text('literal%20name.jpg')).toBe('literal')
})

test.each([
  '../outside.txt',
  '/../outside.txt',
  '%2e%2e%2foutside.txt',
  '%252e%252e%252foutside.txt',
  '..%5coutside.txt',
  'cats/../../outside.txt',
  '../img-secret/x.jpg',
  '%2e%2e/img-secret/x.jpg',
  '../../../../../../etc/passwd',
  '/etc/passwd',
  'file:///etc/passwd',
])('%j leads out of the root and is not found', async (source) => {
  await expect(text(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})

test.each(['out.txt', 'out-dir/x.jpg', 'zero', 'out-dir'])('the link %j leads out and is not found', async (source) => {
  await expect(text(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})

test.each([
  ['', 'the root itself'],
  ['.', 'the root itself'],
  ['cats', 'a directory'],
  ['cats/', 'a directory'],
  ['cats/1.jpg/more', 'a path through a file'],
  ['fifo', 'a FIFO nobody writes to'],
  ['loop', 'a link to itself'],
  ['a%00.jpg', 'a NUL byte'],
  ['%FF%FE.jpg', 'invalid UTF-8'],
  ['%', 'a lone percent'],
  ['x'.repeat(5000), 'a name too long'],
  ['a/'.repeat(3000), 'a path too long'],
])('%j is not found (%s)', async (source) => {
  await expect(text(source)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})

test('a socket is not found', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(base, 'img/sock'), resolve))
  await expect(text('sock')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  await new Promise((resolve) => server.close(resolve))
})

test('web URLs are declined, quoted or not and in any case', () => {
  for (const source of ['http://a/b', 'https%3A//a/b', 'HTTP://a/b']) expect(loader.accepts(source)).toBe(false)
  for (const source of ['http.jpg', 'cats/http://x', 'httpbin.org/a.png']) expect(loader.accepts(source)).toBe(true)
})

test('a root that is a link itself works, also after it is turned', async () => {
  const link = join(base, 'current')
  await symlink(join(base, 'img'), link)
  const linked = createFileLoader({ root: link })
  expect((await linked.load('cats/1.jpg', { signal })).bytes.toString()).toBe('cat')
  await rm(link)
  await symlink(join(base, 'img-secret'), link)
  expect((await linked.load('x.jpg', { signal })).bytes.toString()).toBe('secret')
})

test('a link swapped between a good file and one outside never gives the one outside', async () => {
  const link = join(base, 'img/swapped')
  await symlink(join(base, 'img/cats/1.jpg'), link)
  let swapping = true
  const swap = async () => {
    for (let i = 0; swapping; i++) {
      await rm(link, { force: true })
      await symlink(join(base, i % 2 ? 'img/cats/1.jpg' : 'outside.txt'), link)
    }
  }
  const swapped = swap()
  const seen = new Set<string>()
  for (let i = 0; i < 500; i++) seen.add(await text('swapped').catch((error: { code: string }) => error.code))
  swapping = false
  await swapped
  expect([...seen].filter((one) => one !== 'cat' && one !== 'SOURCE_NOT_FOUND')).toEqual([])
})
