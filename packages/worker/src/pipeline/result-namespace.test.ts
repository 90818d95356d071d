import { readFileSync } from 'node:fs'
import { configSchema } from '@imgsvc/core/config/schema'
import { describe, expect, test } from 'vitest'
import { autoFormatsOf } from '../../test/auto-formats.ts'
import { accepts, parseAccept } from './accept.ts'
import { namespaceOf, resultNamespace } from './result-namespace.ts'

interface Row {
  readonly config: Readonly<Record<string, unknown>>
  readonly accept: string | null
  readonly cache_key: string | null
}
const { format_resolution: rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as { format_resolution: readonly Row[] }

describe('thumbor’s namespaces', () => {
  test.each(rows)('$config for $accept is $cache_key', ({ config, accept, cache_key }) => {
    const ranges = parseAccept(accept ?? undefined)
    // HEIF is not among the formats imgsvc asks clients about; its ranges are those of every other but JPEG.
    const heif = [...ranges].some(([range, q]) => q > 0 && (range === 'image/heif' || range === 'image/*'))
    const { name } = resultNamespace(autoFormatsOf(config), (format) =>
      format === 'heif' ? heif : accepts(ranges, format === 'jpg' ? 'jpeg' : format),
    )
    expect(name).toBe(cache_key ?? 'default')
  })
})

test('the settings of imgsvc give the same names', () => {
  const of = (images: object, accept?: string) => namespaceOf(configSchema.parse({ images }).images, accept).name
  expect(of({ autoWebp: false })).toBe('default')
  expect(of({ autoWebp: true })).toBe('default')
  expect(of({ autoWebp: true }, 'image/webp')).toBe('auto_webp')
  expect(of({ autoWebp: true, autoAvif: true }, 'image/*')).toBe('auto_format_v1_flags_preserve_webp-avif')
  expect(of({ formatPreference: ['jpeg', 'webp'] }, '*/*')).toBe('auto_format_v1_preference_preserve_jpg')
  expect(of({ autoWebp: false, autoPngToJpg: true })).toBe('auto_format_v1_flags_png_to_jpg_default')
})
