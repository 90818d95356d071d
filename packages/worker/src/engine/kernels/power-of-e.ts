/** Binary places of the fixed-point numbers below: twice the 53 of a double, and room for the errors in between. */
const PLACES = 160
const ONE = 1n << BigInt(PLACES)

// From here on a weight is too small to change any sum, and the platform's own function will do.
const EXACT_UP_TO = 60

/** ln(Math.E), which is not quite 1 because Math.E is not quite e. */
const LN_E = ONE + ((toFixed(Math.E) - expFixed(ONE)) << BigInt(PLACES)) / expFixed(ONE)

/**
 * Math.E to the power of −exponent, correctly rounded, for an exponent of at least 0. `Math.E ** x` and `Math.exp(x)`
 * may be a bit off and differ between engines; a bit decides whether a blurred byte is 122 or 123, and results have
 * to be the same as those of thumbor, whose C library rounds correctly.
 */
export function powerOfE(exponent: number): number {
  if (!(exponent < EXACT_UP_TO)) return Math.exp(-exponent)
  return toDouble(expFixed(-((toFixed(exponent) * LN_E) >> BigInt(PLACES))))
}

/** e to the power of x by its series, after halving x eight times. */
function expFixed(x: bigint): bigint {
  const halvings = 8n
  const small = x >> halvings
  let term = ONE
  let sum = ONE
  for (let n = 1n; term !== 0n && n < 100n; n++) {
    term = ((term * small) >> BigInt(PLACES)) / n
    sum += term
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> BigInt(PLACES)
  return sum
}

/** The exact value of a double of at least 0, but for what lies beyond the last place. */
function toFixed(value: number): bigint {
  const whole = Math.floor(value)
  // Two steps of 53 places hold every bit of the fraction that PLACES can hold.
  const high = Math.floor((value - whole) * 2 ** 53)
  const low = Math.floor(((value - whole) * 2 ** 53 - high) * 2 ** 53)
  return (((BigInt(whole) << 106n) + (BigInt(high) << 53n) + BigInt(low)) << BigInt(PLACES)) >> 106n
}

/** The nearest double. */
function toDouble(value: bigint): number {
  // Number(bigint) rounds to nearest, ties to even; dividing by a power of two is exact.
  return Number(value) / 2 ** PLACES
}
