import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fill } from './thumbor.mjs'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/thumbor.md', root), 'utf8')

/** Rows of the tables whose head ends with `shown by`, cell by cell. */
function shownRows(): readonly (readonly string[])[] {
  const tables = page.split('\n\n').filter((block) => /^\|.*\| shown by \|$/.test(block.split('\n', 1)[0] ?? ''))
  return tables.flatMap((block) => {
    const rows = block.trimEnd().split('\n').slice(2)
    return rows.map((row) => row.replace(/^\| | \|$/g, '').split(' | '))
  })
}

describe('docs/thumbor.md', () => {
  test('has tables that name tests', () => {
    expect(shownRows().length).toBeGreaterThan(80)
  })

  test.each(shownRows().map((cells) => [cells[0], cells.at(-1)] as const))('%s: shown by a test', (_, shown = '') => {
    // What is not possible has nothing to show.
    if (shown === '–') return
    const files = [...shown.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file)
    expect(files.length, shown).toBeGreaterThan(0)
    for (const file of files) expect(existsSync(new URL(`packages/${file}`, root)), file).toBe(true)
  })

  test('what is not shown is not possible', () => {
    const unshown = shownRows().filter((cells) => cells.at(-1) === '–')
    for (const cells of unshown) expect(cells[1]).toMatch(/^not possible/)
  })
})

test('a page without its marks is not filled', () => {
  expect(() => fill('# A page\n')).toThrow('lacks the marks')
  expect(fill(page)).toBe(page)
})
