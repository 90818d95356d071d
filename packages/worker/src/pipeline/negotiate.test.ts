import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SourceFormat } from '../engine/image.ts'
import { formatCandidates, type NegotiationSettings, negotiateFormat, negotiates } from './negotiate.ts'

interface Resolution {
  readonly config: Readonly<Record<string, boolean | string[]>>
  readonly accept: string | null
  readonly source_extension: string
  readonly animated: boolean
  readonly has_transparency: boolean
  readonly autojpg_filter: boolean | null
  readonly size: [number, number]
  readonly extension: string
  readonly cache_key: string | null
  readonly vary_candidate: boolean
}

const { format_resolution: rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as { format_resolution: Resolution[] }

const OFF: NegotiationSettings = {
  autoWebp: false,
  autoAvif: false,
  autoJpg: false,
  autoPng: false,
  autoPngToJpg: false,
  autoAnimatedWebp: false,
  formatPreference: [],
}
const SOURCES: Readonly<Record<string, SourceFormat>> = { '.jpg': 'jpeg', '.png': 'png', '.gif': 'gif' }
const NAMES: Readonly<Record<string, 'webp' | 'avif' | 'jpeg' | 'png'>> = {
  webp: 'webp',
  avif: 'avif',
  jpg: 'jpeg',
  png: 'png',
}

/** A configuration of thumbor as ours; names that are none, which our configuration refuses, are left out. */
function settingsOf({ config }: Resolution): NegotiationSettings {
  const list = (config.AUTO_IMAGE_FORMAT_PREFERENCE ?? []) as string[]
  return {
    autoWebp: config.AUTO_WEBP === true,
    autoAvif: config.AUTO_AVIF === true,
    autoJpg: config.AUTO_JPG === true,
    autoPng: config.AUTO_PNG === true,
    autoPngToJpg: config.AUTO_PNG_TO_JPG === true,
    autoAnimatedWebp: false,
    formatPreference: list.flatMap((name) => NAMES[name] ?? []),
  }
}

function choose(row: Resolution) {
  const candidates = formatCandidates(row.accept ?? undefined, settingsOf(row), row.autojpg_filter ?? undefined)
  const [width, height] = row.size
  const format = negotiateFormat(
    {
      candidates,
      explicit: undefined,
      source: { format: SOURCES[row.source_extension] as SourceFormat, pages: row.animated ? 2 : 1 },
    },
    { size: { width, height }, transparent: row.has_transparency },
  )
  return { extension: format === 'jpeg' ? '.jpg' : `.${format}`, candidates }
}

/** Rows that depend on a switch imgsvc does not have. */
const LEFT_OUT = [
  {
    why: 'sharp as distributed has no HEVC encoder, so there is no AUTO_HEIF',
    left: (row: Resolution) => row.extension === '.heif' || Object.keys(row.config).join() === 'AUTO_HEIF',
  },
]
const left = rows.filter((row) => LEFT_OUT.some((reason) => reason.left(row)))
const kept = rows.filter((row) => !left.includes(row))

describe(`negotiation.json: ${kept.length} of ${rows.length} format rows, ${left.length} left out (HEIF encoder)`, () => {
  for (const [index, row] of rows.entries()) {
    if (left.includes(row)) continue
    const { config, accept, source_extension, extension } = row
    test(`${index}: ${JSON.stringify(config)} ${accept}: ${source_extension} → ${extension}`, () => {
      expect(choose(row).extension).toBe(extension)
      // With AUTO_HEIF beside them Vary is due as well.
      expect(negotiates(settingsOf(row))).toBe(row.vary_candidate)
    })
  }

  test('requests that share a cache namespace in thumbor share candidates', () => {
    const candidates = new Map<string, string>()
    for (const row of kept) {
      const namespace = JSON.stringify([row.config, row.autojpg_filter, row.cache_key])
      const chosen = choose(row).candidates.join()
      expect(candidates.get(namespace) ?? chosen, namespace).toBe(chosen)
      candidates.set(namespace, chosen)
    }
    expect(candidates.size).toBeLessThan(kept.length / 3)
  })
})

describe('candidates', () => {
  const all = { ...OFF, autoWebp: true, autoAvif: true, autoJpg: true, autoPng: true }

  test('clients whose Accept comes to the same share results', () => {
    const accepts = [
      'image/avif,image/webp,image/png,*/*',
      'image/webp, image/avif;q=0.2',
      'IMAGE/AVIF,image/webp;q=1,text/html',
      'image/*',
    ]
    expect(new Set(accepts.map((accept) => formatCandidates(accept, all, undefined).join()))).toEqual(
      new Set(['webp,avif']),
    )
  })

  test('WebP stays behind formats that take every still picture when animations may become it', () => {
    const listed = { ...OFF, formatPreference: ['avif' as const, 'webp' as const, 'jpeg' as const] }
    const accept = 'image/avif,image/webp,image/jpeg'
    expect(formatCandidates(accept, listed, undefined)).toEqual(['avif'])
    expect(formatCandidates(accept, { ...listed, autoAnimatedWebp: true }, undefined)).toEqual(['avif', 'webp'])
  })

  test('nothing is read from Accept while everything is switched off', () => {
    expect(formatCandidates('image/webp', OFF, undefined)).toEqual([])
    expect(formatCandidates('image/webp', { ...OFF, autoPngToJpg: true }, undefined)).toEqual(['png-to-jpeg'])
  })

  test('a preference list replaces the flags and keeps its order', () => {
    const listed = { ...all, formatPreference: ['jpeg', 'webp'] as const, autoPngToJpg: true }
    expect(
      formatCandidates('image/*', { ...listed, formatPreference: [...listed.formatPreference] }, undefined),
    ).toEqual(['jpeg', 'webp', 'png-to-jpeg'])
  })

  test('the filter autojpg overrides autoPngToJpg, and nothing else', () => {
    const photo = { ...OFF, autoPngToJpg: true, autoJpg: true }
    expect(formatCandidates('*/*', photo, false)).toEqual(['jpeg'])
    expect(formatCandidates(undefined, OFF, true)).toEqual(['png-to-jpeg'])
  })
})

describe('output format', () => {
  const source = { format: 'jpeg', pages: 1 } as const
  const small = { size: { width: 10, height: 10 }, transparent: false }

  test('format() wins over what the client accepts', () => {
    expect(negotiateFormat({ candidates: ['webp'], explicit: 'png', source }, small)).toBe('png')
  })

  test('the finished picture counts, not the source: what is too large for WebP stays as it is', () => {
    const wide = { size: { width: 16_384, height: 10 }, transparent: false }
    expect(negotiateFormat({ candidates: ['webp'], explicit: undefined, source }, wide)).toBe('jpeg')
    expect(negotiateFormat({ candidates: ['webp', 'avif'], explicit: undefined, source }, wide)).toBe('avif')
  })

  test.each(['tiff', 'svg', 'png'] as const)('%s comes out as PNG, or JPEG when opaque and wished', (format) => {
    const of = (candidates: readonly 'png-to-jpeg'[], transparent: boolean) =>
      negotiateFormat({ candidates, explicit: undefined, source: { format, pages: 1 } }, { ...small, transparent })
    expect([of([], false), of(['png-to-jpeg'], false), of(['png-to-jpeg'], true)]).toEqual(['png', 'jpeg', 'png'])
  })

  test('animations stay what they are; pages of a TIFF are none', () => {
    const of = (format: SourceFormat) =>
      negotiateFormat({ candidates: ['avif'], explicit: undefined, source: { format, pages: 3 } }, small)
    expect([of('gif'), of('webp'), of('tiff')]).toEqual(['gif', 'webp', 'avif'])
  })

  test('autoAnimatedWebp makes WebP of them where it is a candidate and holds the size, and nothing else', () => {
    const of = (candidates: readonly ('webp' | 'avif' | 'jpeg')[], width = 10, autoAnimatedWebp = true) =>
      negotiateFormat(
        { candidates, explicit: undefined, source: { format: 'gif', pages: 3 }, autoAnimatedWebp },
        { ...small, size: { width, height: 10 } },
      )
    expect([of(['webp']), of(['avif', 'webp']), of(['avif', 'jpeg'])]).toEqual(['webp', 'webp', 'gif'])
    expect([of(['webp'], 16_384), of(['webp'], 10, false)]).toEqual(['gif', 'gif'])
  })
})
