import { readFileSync } from 'node:fs'
import type { ImageRequest } from '@imgsvc/core/url/request'
import { describe, expect, test } from 'vitest'
import { IMAGES, request } from '../../test/images/pictures.ts'
import type { SourceInfo } from '../engine/image.ts'
import { resolveFilters } from '../filters/resolve.ts'
import { UNMEASURED } from './measure.ts'
import { metaDocument } from './meta.ts'
import { negotiateFormat } from './negotiate.ts'
import { plan } from './plan.ts'

interface Vector {
  readonly input: Partial<Pick<ImageRequest, 'width' | 'height' | 'halign' | 'valign'>> & {
    readonly source_width: number
    readonly source_height: number
    readonly frames?: number
    readonly image?: string
    readonly horizontal_flip?: boolean
    readonly vertical_flip?: boolean
    readonly focal_squares?: { readonly square: readonly [number, number, number, number] }[]
  }
  /** The document; around it, for the vector with a callback, thumbor's `b'cb'(…);`. */
  readonly body: string
}

function expectedOf({ body }: Vector) {
  const text = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)
  return JSON.parse(text).thumbor as { readonly source: Readonly<Record<string, unknown>> }
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/meta.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] }

interface Asked {
  readonly asked?: Partial<ImageRequest>
  readonly source?: Partial<SourceInfo>
  readonly filters?: readonly string[]
  readonly images?: Partial<typeof IMAGES>
  readonly pngToJpeg?: boolean
}

function documentOf({ asked, source, filters = [], images, pngToJpeg }: Asked) {
  const info: SourceInfo = {
    format: 'jpeg',
    width: 800,
    height: 600,
    orientation: 1,
    hasAlpha: false,
    pages: 1,
    space: 'rgb',
    hasProfile: false,
    ...source,
  }
  const negotiation = {
    candidates: pngToJpeg ? (['png-to-jpeg'] as const) : [],
    explicit: undefined,
    source: info,
  }
  const wanted = request({ meta: true, source: 'image.jpg', ...asked })
  const todo = plan({
    request: wanted,
    filters: resolveFilters(
      filters.map((text) => ({ name: text.slice(0, text.indexOf('(')), text })),
      { onInvalid: 'reject' },
    ),
    source: info,
    formatOf: (outcome) => negotiateFormat(negotiation, outcome),
    images: { ...IMAGES, ...images },
    refs: new Map(),
    measured: UNMEASURED,
  })
  return JSON.parse(metaDocument(wanted.source, todo, negotiation).toString('utf8')).thumbor
}

const resizes = vectors.filter((vector) => vector.input.source_width !== expectedOf(vector).source.width).length

describe(`meta.json: ${vectors.length} documents, ${resizes} with the size of the source instead of the result's`, () => {
  test.each(vectors)('$input', (vector) => {
    const { input } = vector
    const squares = input.focal_squares ?? []
    const found = documentOf({
      source: { width: input.source_width, height: input.source_height, pages: input.frames ?? 1 },
      asked: {
        source: input.image ?? 'image.jpg',
        width: input.width ?? 0,
        height: input.height ?? 0,
        flipH: input.horizontal_flip ?? false,
        flipV: input.vertical_flip ?? false,
        halign: input.halign ?? 'center',
        valign: input.valign ?? 'middle',
      },
      filters: squares.map(({ square: [left, top, width, height] }) => {
        return `focal(${left}x${top}:${left + width}x${top + height})`
      }),
    })
    const expected = expectedOf(vector)
    const source = { ...expected.source, width: input.source_width, height: input.source_height }
    expect(found).toEqual({ ...expected, source })
  })
})

describe('operations', () => {
  test('a manual crop comes first and shifts the focal points', () => {
    const crop = { left: 100, top: 50, right: 500, bottom: 450 }
    const found = documentOf({ asked: { crop, width: 50, height: 100 }, filters: ['focal(110x60:130x80)'] })
    expect(found.operations).toEqual([
      { type: 'crop', left: 100, top: 50, right: 500, bottom: 450 },
      { type: 'crop', left: 0, top: 0, right: 200, bottom: 400 },
      { type: 'resize', width: 50, height: 100 },
    ])
    expect(found.focal_points).toEqual([{ x: 20, y: 20, z: 400, height: 20, width: 20, origin: 'Explicit' }])
  })

  test('fit-in keeps the shape, and the target is what comes out', () => {
    const found = documentOf({ asked: { fitIn: true, width: 300, height: 300 } })
    expect(found).toMatchObject({
      source: { width: 800, height: 600 },
      operations: [{ type: 'resize', width: 300, height: 225 }],
      target: { width: 300, height: 225 },
    })
  })

  test('an upright picture is described upright, turning it is not listed', () => {
    const found = documentOf({
      source: { orientation: 6 },
      asked: { width: 300, height: 0, flipH: true },
      images: { respectOrientation: true, maxWidth: 400 },
    })
    expect(found).toMatchObject({
      source: { width: 600, height: 800 },
      operations: [{ type: 'resize', width: 300, height: 400 }, { type: 'flip_horizontally' }],
      target: { width: 300, height: 400 },
    })
  })

  test('a PNG that would be sent as JPEG says so; one with an alpha channel does not', () => {
    const conversion = { type: 'auto_png_to_jpg_conversion' }
    expect(documentOf({ source: { format: 'png' }, pngToJpeg: true }).operations).toEqual([conversion])
    expect(documentOf({ source: { format: 'png', hasAlpha: true }, pngToJpeg: true }).operations).toEqual([])
    expect(documentOf({ source: { format: 'jpeg' }, pngToJpeg: true }).operations).toEqual([])
  })

  test('sizes nobody may ask for are refused as they are for pictures', () => {
    expect(() => documentOf({ asked: { width: 99_999, height: 99_999 } })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_TOO_LARGE' }),
    )
  })
})
