import { bool, token, uint } from '@imgsvc/core/args/fields'
import { roundedCorners } from '../../engine/raw-ops.ts'
import { defineFilter } from '../filter.ts'

/** `20`, or `20|30` across and down; as thumbor, whatever the size. */
function parseRadii(text: string): readonly [number, number] | undefined {
  const match = /^(\d+)(?:\|(\d+))?$/.exec(text)
  if (!match) return undefined
  const [, x = '', y = x] = match
  return [Math.min(Number(x), Number.MAX_SAFE_INTEGER), Math.min(Number(y), Number.MAX_SAFE_INTEGER)]
}

const level = (name: 'red' | 'green' | 'blue') => uint(name, { max: 255, doc: `Of the corner's colour.` })

/** `thumbor/filters/round_corner.py`, which answers 500 to levels over 255. */
export const roundCorner = defineFilter({
  name: 'round_corner',
  phase: 'pixels',
  summary: 'Rounds the corners.',
  args: [
    token<readonly [number, number]>('radius', {
      expected: 'a radius, or two as 20|30',
      parse: parseRadii,
      unit: 'px',
      doc: 'Across and down; more than half a side is half a side.',
    }),
    level('red'),
    level('green'),
    level('blue'),
    bool('transparent', { doc: 'Cut the corners away instead of painting them.', default: false }),
  ],
  example: 'round_corner(40,255,255,255)',
  plan: ([[radiusX, radiusY], red, green, blue, transparent], { size }) => [
    roundedCorners(size, { radiusX, radiusY, colour: [red, green, blue], transparent }),
  ],
})
