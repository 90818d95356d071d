import { int } from '@imgsvc/core/args/fields'
import { turn } from '../../engine/ops.ts'
import { defineFilter } from '../filter.ts'

const CLOCKWISE = { 90: 270, 180: 180, 270: 90 } as const

/** `thumbor/filters/rotate.py`: counter-clockwise; angles that are not multiples of 90 do nothing. */
export const rotate = defineFilter({
  name: 'rotate',
  phase: 'geometry',
  summary: 'Turns the picture counter-clockwise by a multiple of 90 degrees.',
  args: [int('angle', { unit: '°', doc: 'Other angles do nothing.' })],
  example: 'rotate(90)',
  plan: ([angle], { size }) => {
    const left = ((angle % 360) + 360) % 360
    if (left !== 90 && left !== 180 && left !== 270) return []
    return [turn({ mirror: false, degrees: CLOCKWISE[left] }, size)]
  },
})
