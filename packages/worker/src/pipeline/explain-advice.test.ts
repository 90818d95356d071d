import { listSettings } from '@imgsvc/core/config/names'
import { expect, test } from 'vitest'
import { ADVISED, adviceFor } from './explain-advice.ts'

test('the settings that advice names exist', () => {
  const known = new Set(listSettings().map(({ path }) => path))
  for (const code of ADVISED) {
    const named = adviceFor(code)?.match(/\b(?:limits|security|images|workers|filters)\.\w+/g) ?? []
    expect(
      named.filter((path) => !known.has(path)),
      code,
    ).toEqual([])
  }
})

test('every mistake of a URL has advice', () => {
  expect(ADVISED).toEqual(expect.arrayContaining(['URL_BAD_SIGNATURE', 'URL_UNSAFE_DISABLED', 'FILTER_INVALID']))
  expect(adviceFor('INTERNAL')).toBeUndefined()
})
