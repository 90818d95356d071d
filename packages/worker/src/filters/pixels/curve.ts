import { brackets } from '@imgsvc/core/args/fields'
import { mapColours } from '../../engine/colour-ops.ts'
import { type CurvePoints, curveTable, joinTables } from '../../engine/kernels/curve.ts'
import { defineFilter } from '../filter.ts'

const LIST = /^\[(?:\(\d+,\d+\),?)*\]$/

/** As thumbor's bytes: modulo 256, which the last eight decimal digits decide. */
function byte(digits: string): number {
  return Number(digits.slice(-8)) % 256
}

/** The points of `[(x,y),…]`; fewer than two, or two at one place, are no curve. */
function parsePoints(text: string): CurvePoints | undefined {
  if (!LIST.test(text)) return undefined
  const points = [...text.matchAll(/(\d+),(\d+)/g)].map(([, x = '', y = '']) => ({ x: byte(x), y: byte(y) }))
  const rising = points.every((point, i) => i === 0 || (points[i - 1] as CurvePoints[number]).x < point.x)
  return points.length >= 2 && rising ? points : undefined
}

const points = (name: string, doc: string) =>
  brackets<CurvePoints>(name, {
    expected: 'at least two points [(x,y),(x,y)] of 0 to 255 with rising x',
    parse: parsePoints,
    doc,
  })

/** `thumbor/filters/curve.py`, which reads foreign memory for shorter lists and divides by zero for equal x. */
export const curve = defineFilter({
  name: 'curve',
  phase: 'pixels',
  summary: 'Bends the tones by smooth curves: first red, green and blue by their own, then all by the first.',
  args: [
    points('all', 'The curve of all channels: x becomes y.'),
    points('red', 'The curve of red.'),
    points('green', 'The curve of green.'),
    points('blue', 'The curve of blue.'),
  ],
  example: 'curve([(0,0),(255,255)],[(0,50),(128,170),(255,255)],[(0,0),(255,255)],[(0,60),(255,220)])',
  plan: ([all, ...colours], { size }) => {
    const last = curveTable(all)
    const [red, green, blue] = colours.map((own) => joinTables(curveTable(own), last))
    if (!red || !green || !blue) return []
    return [
      mapColours('curve', size, { points: [all, ...colours].map(({ length }) => length).join(' ') }, [
        red,
        green,
        blue,
      ]),
    ]
  },
})
