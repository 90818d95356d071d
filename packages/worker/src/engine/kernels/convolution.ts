import type { Matrix } from './weighted-tiles.ts'

/** The weights divided by their sum, unless that is 0. */
export function normalised(matrix: Matrix): Matrix {
  const weights = Array.from(matrix.weights)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return sum === 0 ? matrix : { ...matrix, weights: weights.map((weight) => weight / sum) }
}
