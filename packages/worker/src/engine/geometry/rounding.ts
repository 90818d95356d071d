/** Rounds to the nearest integer, halves to the even one, as Python's `round()` does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest < 0.5) return floor
  if (rest > 0.5) return floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

/**
 * Rounds to two decimals as Python's `round(x, 2)`: by the exact binary value, true ties to even.
 * `toFixed` is exact too but takes the larger number on a tie; only odd multiples of 1/8 can tie.
 */
export function roundToCents(value: number): number {
  const eighths = value * 8
  if (Number.isInteger(eighths) && eighths % 2 !== 0) return roundHalfEven(value * 100) / 100
  return Number(value.toFixed(2))
}
