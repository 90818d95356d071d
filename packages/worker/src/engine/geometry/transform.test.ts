import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clampRequested } from './targets.ts'
import { type Geometry, transform } from './transform.ts'

const file = new URL('../../../test/vectors/thumbor/sizing.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

interface Vector {
  readonly input: Record<string, never> & {
    readonly source_width: number
    readonly source_height: number
    readonly focal_points?: { x: number; y: number; weight?: number }[]
  }
  readonly expected: {
    readonly ops?: readonly (readonly [string, ...number[]])[]
    readonly final_width?: number
    readonly final_height?: number
    readonly request_width_after?: number | 'orig'
    readonly request_height_after?: number | 'orig'
    readonly target_width?: number
    readonly target_height?: number
    readonly error?: number
  }
}

function run({ input }: Vector): Geometry {
  const maxWidth = input.max_width ?? 0
  const maxHeight = input.max_height ?? 0
  return transform({
    source: { width: input.source_width, height: input.source_height },
    orientation: input.respect_orientation ? (input.orientation ?? 1) : 1,
    request: {
      debug: false,
      crop: input.crop,
      fitIn: Boolean(input.fit_in),
      adaptive: Boolean(input.adaptive),
      full: Boolean(input.full),
      ...clampRequested({ width: input.width ?? 0, height: input.height ?? 0 }, maxWidth, maxHeight),
      flipH: Boolean(input.horizontal_flip),
      flipV: Boolean(input.vertical_flip),
      halign: input.halign ?? 'center',
      valign: input.valign ?? 'middle',
    },
    stretch: Boolean(input.stretch),
    focalPoints: (input.focal_points ?? []).map(({ x, y, weight }) => ({ x, y, weight: weight ?? 1 })),
    maxWidth,
    maxHeight,
  })
}

const sizes = (geometry: Geometry) =>
  geometry.ops.flatMap((op): [string, ...number[]][] => {
    if (op.kind === 'resize') return [['resize', op.size.width, op.size.height]]
    if (op.kind !== 'crop') return []
    const { left, top, width, height } = op.box
    return [['crop', left, top, left + width, top + height]]
  })

/** Where thumbor answers 500 or cuts an empty box, and what imgsvc does instead (id is the vector's index). */
const FIXED: Readonly<
  Record<number, { readonly why: string; readonly ops: readonly (readonly [string, ...number[]])[] }>
> = {
  83: { why: 'orig beside an omitted side is proportional instead of a 500', ops: [] },
  84: { why: 'orig beside an omitted side is proportional instead of a 500', ops: [] },
  167: { why: 'orig beside an omitted side is proportional instead of a 500', ops: [] },
  265: { why: 'orig beside an omitted side is proportional instead of a 500', ops: [] },
  151: { why: 'a side that rounds to 0 is 1 px instead of a 500', ops: [['resize', 1, 67]] },
  205: {
    why: 'normalising to a height of 0 is 1 px instead of a 500',
    ops: [
      ['resize', 68, 1],
      ['crop', 47, 0, 68, 1],
    ],
  },
  296: {
    why: 'a side that rounds to 0 is 1 px instead of a 500',
    ops: [
      ['crop', 625, 0, 2130, 1],
      ['resize', 100, 1],
    ],
  },
  318: {
    why: 'a side that rounds to 0 is 1 px instead of a 500',
    ops: [
      ['crop', 1318, 3, 2938, 4],
      ['resize', 401, 1],
    ],
  },
  36: {
    why: 'an empty crop box is 1 px wide',
    ops: [
      ['crop', 0, 0, 1, 400],
      ['resize', 1, 1],
    ],
  },
  150: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 310, 26, 2231, 27],
      ['crop', 0, 0, 1921, 1],
      ['resize', 11, 1],
    ],
  },
  154: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 857, 3, 3401, 9],
      ['crop', 0, 2, 2544, 3],
      ['resize', 100, 1],
    ],
  },
  236: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 5586, 52, 5697, 55],
      ['crop', 0, 0, 111, 1],
      ['resize', 1335, 3],
    ],
  },
  252: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 0, 2, 3, 3],
      ['resize', 975, 100],
    ],
  },
  282: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 0, 0, 11, 1],
      ['resize', 48, 2],
    ],
  },
  300: {
    why: 'an empty crop box is 1 px high',
    ops: [
      ['crop', 44, 17, 45, 26],
      ['crop', 0, 8, 1, 9],
      ['resize', 220, 100],
    ],
  },
}

describe(`sizing.json: ${vectors.length} vectors, ${Object.keys(FIXED).length} fixed on purpose`, () => {
  for (const [index, vector] of vectors.entries()) {
    const fixed = FIXED[index]
    const { source_width, source_height, ...asked } = vector.input
    test(`${index}: ${source_width}x${source_height} ${fixed?.why ?? JSON.stringify(asked)}`, () => {
      const geometry = run(vector)
      const { expected } = vector
      if (fixed) {
        expect(sizes(geometry)).toEqual(fixed.ops)
        expect(Math.min(geometry.size.width, geometry.size.height)).toBeGreaterThanOrEqual(1)
        if (expected.error === undefined) {
          expect(geometry.size).toEqual({ width: expected.final_width, height: expected.final_height })
        }
        return
      }
      expect(sizes(geometry)).toEqual(expected.ops?.filter(([name]) => name === 'crop' || name === 'resize'))
      expect(geometry.size).toEqual({ width: expected.final_width, height: expected.final_height })
      expect(geometry.requested).toEqual({ width: expected.request_width_after, height: expected.request_height_after })
      expect(geometry.target).toEqual({ width: expected.target_width, height: expected.target_height })
      const mirrors = (names: readonly string[]) => names.filter((name) => name.startsWith('flip')).length % 2
      const turns = geometry.ops.filter((op) => op.kind === 'turn')
      expect(turns.filter(({ turn }) => turn.mirror).length % 2).toBe(
        mirrors((expected.ops ?? []).map(([name]) => name)),
      )
    })
  }
})

test('every vector that fails or is uncertain in thumbor is listed as fixed, and nothing else', () => {
  const odd = vectors.flatMap((vector, index) =>
    vector.expected.error !== undefined || 'uncertain' in vector ? [index] : [],
  )
  expect(
    Object.keys(FIXED)
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(odd)
})
