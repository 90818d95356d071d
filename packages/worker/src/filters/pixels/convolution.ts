import { bool, positiveUint, token } from '@imgsvc/core/args/fields'
import { normalised } from '../../engine/kernels/convolution.ts'
import { convolve } from '../../engine/neighbour-ops.ts'
import { defineFilter } from '../filter.ts'

// Ours: 31 × 31. More would take the time of many pictures; thumbor has no limit.
const MAX_WEIGHTS = 961

/** The numbers of `1;-2.5;1`; undefined when there is something else between the semicolons. */
function parseWeights(text: string): readonly number[] | undefined {
  const parts = text.split(';', MAX_WEIGHTS + 1)
  const numbers = parts.every((part) => /^-?\d{1,15}(?:\.\d*)?$/.test(part))
  return numbers && parts.length % 2 === 1 && parts.length <= MAX_WEIGHTS ? parts.map(Number) : undefined
}

/** `thumbor/filters/convolution.py`, which answers 500 to matrices without a middle. */
export const convolution = defineFilter({
  name: 'convolution',
  phase: 'pixels',
  summary: 'Weighs the neighbours of each pixel by a matrix, to blur, sharpen or find edges.',
  args: [
    token<readonly number[]>('matrix', {
      expected: `an odd number of numbers separated by ;, at most ${MAX_WEIGHTS}`,
      parse: parseWeights,
      doc: 'The weights, row by row.',
    }),
    positiveUint('columns', { doc: 'Weights in a row; the rows have to be of equal length.' }),
    bool('normalize', { doc: 'Divide by the sum of the weights, unless that is 0.', default: true }),
  ],
  example: 'convolution(-1;-1;-1;-1;8;-1;-1;-1;-1,3,false)',
  check: ([weights, columns]) =>
    weights.length % columns === 0 ? undefined : `${weights.length} weights do not make rows of ${columns}`,
  plan: ([weights, columns, normalize], { size }) => {
    const matrix = { weights, columns }
    return [convolve(size, normalize ? normalised(matrix) : matrix)]
  },
})
