import { readFileSync } from 'node:fs'
import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { describe, expect, test } from 'vitest'
import { IMAGES, request } from '../../../test/images/pictures.ts'
import type { SourceInfo } from '../../engine/image.ts'
import { UNMEASURED } from '../../pipeline/measure.ts'
import { plan } from '../../pipeline/plan.ts'
import { resolveFilters } from '../resolve.ts'

const file = new URL('../../../test/vectors/thumbor/filters-geometry.json', import.meta.url)

interface Vector {
  readonly input: Record<string, never>
  readonly filter: string
  readonly args: readonly (string | number | boolean)[]
  readonly expected: {
    readonly engine_ops: readonly (readonly [string, ...number[]])[]
    readonly final: readonly number[]
    readonly error?: number
  }
}
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] }

/** What thumbor answers 500 to, by index, and the size it has here. */
const FIXED: Readonly<Record<number, { readonly why: string; readonly size: readonly [number, number] }>> = {
  16: { why: 'orig is the side of the source', size: [801, 601] },
  19: { why: 'orig is the side of the source', size: [801, 601] },
  23: { why: 'orig is never larger than the source', size: [801, 100] },
}

function planned(filters: string, input: Record<string, never>) {
  const source: SourceInfo = {
    format: 'png',
    width: input.source_width ?? 0,
    height: input.source_height ?? 0,
    orientation: 1,
    hasAlpha: false,
    pages: 1,
    space: 'rgb',
    hasProfile: false,
  }
  return plan({
    request: request({
      fitIn: Boolean(input.fit_in),
      adaptive: Boolean(input.adaptive),
      full: Boolean(input.full),
      width: input.width ?? 0,
      height: input.height ?? 0,
    }),
    filters: resolveFilters(splitFilterCalls(filters), { onInvalid: 'reject' }),
    source,
    formatOf: () => 'png',
    images: IMAGES,
    refs: new Map(),
    measured: UNMEASURED,
  })
}

describe(`filters-geometry.json: ${vectors.length} vectors, ${Object.keys(FIXED).length} fixed on purpose`, () => {
  for (const [index, { input, filter, args, expected }] of vectors.entries()) {
    const text = `${filter}(${args.join(',')})`
    test(`${index}: ${text} on ${JSON.stringify(input)}`, () => {
      const { steps, size } = planned(text, input)
      const fixed = FIXED[index]
      expect(Boolean(fixed)).toBe('error' in expected)
      expect([size.width, size.height]).toEqual(fixed?.size ?? expected.final)
      if (fixed) return
      // thumbor resizes to the size a picture has already, and turns by 0; these leave no step.
      const drawn = steps.filter(({ op }) => op === 'resize' || op === 'turn' || op === 'canvas').map(({ op }) => op)
      const wanted = expected.engine_ops.filter(([op, a, b], i) => {
        if (op === 'crop' || (op === 'rotate' && a === 0)) return false
        return !(op === 'resize' && i === 0 && a === input.source_width && b === input.source_height)
      })
      expect(drawn).toEqual([
        ...wanted.map(([op]) => (op === 'rotate' ? 'turn' : op)),
        ...(filter === 'fill' ? ['canvas'] : []),
      ])
    })
  }
})
