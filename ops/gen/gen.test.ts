import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig } from '@imgsvc/core/config/load'
import { listSettings } from '@imgsvc/core/config/names'
import { configHash } from '@imgsvc/core/config/resolved'
import { CONTROL_METHODS } from '@imgsvc/core/control'
import { ERRORS } from '@imgsvc/core/errors'
import { METRICS } from '@imgsvc/core/metrics'
import { FILTERS } from '@imgsvc/worker/filters/registry'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleConfig, fullConfig, isPartSetting } from './config-example.mjs'
import { documents } from './documents.mjs'
import { table } from './markdown.mjs'
import { update } from './update.mjs'

const root = new URL('../../', import.meta.url)
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8')

const isText = ({ path }: { readonly path: string }) => !path.endsWith('.jpg')

describe.each(documents.filter(isText))('$path', ({ path, render, isPart }) => {
  test('is what the sources say; otherwise run `npm run gen`', async () => {
    expect(textOf(path)).toBe(await render())
  })

  test(`says ${isPart ? 'where' : 'on its first line that'} it is generated`, () => {
    const lines = textOf(path).split('\n')
    expect((isPart ? lines : lines.slice(0, 1)).join('\n')).toMatch(/Generated from \S+.* do not edit/)
  })
})

test.each(documents.filter((document) => !isText(document)))(
  '$path shows what the engine makes; otherwise run `npm run gen` and look at it',
  async ({ path, render, isSame }) => {
    expect(await isSame?.(readFileSync(new URL(path, root)), Buffer.from(await render()))).toBe(true)
  },
)

test('every filter has its picture, and all together are small', () => {
  const shown = [...textOf('docs/filters.md').matchAll(/^!\[.+\]\((images\/filters\/.+\.jpg)\)$/gm)].map(
    ([, path]) => `docs/${path}`,
  )
  expect(shown.sort()).toEqual(documents.map(({ path }) => path).filter((path) => path.endsWith('.jpg')))
  expect(shown.length).toBe(FILTERS.length)
  expect(readdirSync(new URL('docs/images/filters/', root)).sort()).toEqual(shown.map((path) => basename(path)))
  const bytes = shown.reduce((sum, path) => sum + statSync(new URL(path, root)).size, 0)
  expect(bytes).toBeLessThan(600_000)
})

test('a picture is the same when it differs by rounding, and another when anything in it changed', async () => {
  const [{ isSame } = {}] = documents.filter((document) => !isText(document))
  const picture = (value: number, spot = value) => {
    const data = new Uint8Array(30 * 20 * 3).fill(value).fill(spot, 600, 630)
    return sharp(data, { raw: { width: 30, height: 20, channels: 3 } })
      .png()
      .toBuffer()
  }
  const gray = await picture(100)
  expect(await isSame?.(gray, await picture(101))).toBe(true)
  expect(await isSame?.(gray, await picture(104))).toBe(false)
  expect(await isSame?.(gray, await picture(100, 200))).toBe(false)
  expect(await isSame?.(gray, await sharp(gray).resize(31, 20).png().toBuffer())).toBe(false)
})

test('no two documents are written to the same path', () => {
  expect(new Set(documents.map(({ path }) => path)).size).toBe(documents.length)
})

test('every setting, error and metric is documented', () => {
  const configuration = textOf('docs/configuration.md')
  for (const setting of listSettings()) {
    // A part of a mixed storage has the settings of a storage, which are there already.
    if (!isPartSetting(setting)) expect(configuration).toContain(`| \`${setting.path}\``)
  }
  for (const name of Object.keys(ERRORS)) expect(textOf('docs/errors.md')).toContain(`| \`${name}\` |`)
  for (const { name } of Object.values(METRICS)) expect(textOf('docs/metrics.md')).toContain(`| \`${name}\` |`)
})

test('every control method has its heading in docs/control.md, and nothing else has one like it', () => {
  const headings = [...textOf('docs/control.md').matchAll(/^### (\S+)$/gm)].map(([, name]) => name)
  expect(headings).toEqual([...CONTROL_METHODS])
})

describe('the examples of the documents load', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'gen-'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  const load = (text: string) => {
    writeFileSync(join(dir, 'imgsvc.yaml'), text)
    return loadConfig({ file: 'imgsvc.yaml', base: dir, env: {} }).config
  }

  test('the one to begin with', () => {
    const config = load(exampleConfig())
    expect(config.sources.map(({ type }) => type)).toEqual(['file', 's3', 'http'])
    expect(config.results).toMatchObject({ type: 'file', root: join(dir, 'results') })
  })

  test('the full one changes nothing', () => {
    expect(configHash(load(fullConfig()))).toBe(configHash(load('')))
  })

  test('the entries of lists in the full one, uncommented', () => {
    const [, entries = ''] = /^sources: \[\]\n((?: {2}#.*\n)+)/m.exec(fullConfig()) ?? []
    const list = entries.replace(/^ {2}# /gm, '  ').replace('root:\n', 'root: ./images\n')
    expect(load(`sources:\n${list}`).sources.map(({ type }) => type)).toEqual(['file', 'http', 's3'])
  })
})

test('a cell may hold what would end it', () => {
  expect(table(['a'], [['x | y\nz']])).toBe('| a |\n|---|\n| x \\| y z |')
})

test('only stale documents are written, and a check writes none', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gen-'))
  try {
    writeFileSync(join(dir, 'fresh.md'), 'fresh')
    writeFileSync(join(dir, 'old.md'), 'old')
    const some = ['fresh.md', 'old.md', 'none.md'].map((path) => ({ path, render: () => 'fresh' }))
    const at = pathToFileURL(`${dir}/`)
    expect(await update(some, { root: at, isCheck: true })).toEqual(['old.md', 'none.md'])
    expect(readFileSync(join(dir, 'old.md'), 'utf8')).toBe('old')
    expect(await update(some, { root: at, isCheck: false })).toEqual(['old.md', 'none.md'])
    expect(readFileSync(join(dir, 'none.md'), 'utf8')).toBe('fresh')
    expect(await update(some, { root: at, isCheck: true })).toEqual([])
    const alike = some.map((document) => ({ ...document, render: () => 'FRESH', isSame: async () => true }))
    expect(await update(alike, { root: at, isCheck: true })).toEqual([])
  } finally {
    rmSync(dir, { recursive: true })
  }
})
