import { readFileSync } from 'node:fs'
import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { describe, expect, test } from 'vitest'
import { FILTERS } from './registry.ts'
import { resolveFilters } from './resolve.ts'

const file = new URL('../../../core/test/vectors/thumbor/filters-args.json', import.meta.url)
const { meta, vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
  meta: { registry: { name: string }[] }
  vectors: { filters: string; expected: { name: string; status: string }[] }[]
}

/** Calls that thumbor accepts and then fails on or does nothing with; here they are named as ignored. */
const IGNORED_HERE: Readonly<Record<string, string>> = {
  'format(invalid)': 'no such format',
  'format(asdf)': 'no such format',
  'format(heif)': 'no encoder',
  'round_corner(20,300,0,0)': 'answered with 500',
  'curve([(0,0)],[],[],[])': 'reads foreign memory',
  'focal(garbage)': 'does nothing',
}

/** Unknown to thumbor itself, and read from the URL by a plug-in. */
const OF_PLUGINS: readonly string[] = ['gifv']

test(`filters-args.json: all ${meta.registry.length} filters of thumbor are there, those of plug-ins, and no other`, () => {
  const names = [...meta.registry.map(({ name }) => name), ...OF_PLUGINS]
  expect(FILTERS.map(({ name }) => name).sort()).toEqual(names.sort())
})

describe(`filters-args.json: ${vectors.length} texts, ${Object.keys(IGNORED_HERE).length} calls ignored on purpose`, () => {
  test.each(vectors)('$filters', ({ filters, expected }) => {
    const calls = splitFilterCalls(filters)
    const accepted = calls.filter(
      ({ name, text }, i) => OF_PLUGINS.includes(name) || (expected[i]?.status === 'ok' && !(text in IGNORED_HERE)),
    )
    const { list, ignored } = resolveFilters(calls, { onInvalid: 'ignore' })
    expect(list.map(({ text }) => text)).toEqual(accepted.map(({ text }) => text))
    expect(ignored).toEqual(calls.filter((call) => !accepted.includes(call)).map(({ text }) => text))
  })
})
