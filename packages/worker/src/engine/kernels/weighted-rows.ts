/** Writes a row of pixels with its first and last pixel repeated `reach` times, so that inner loops have no conditions. */
export function pad(padded: Uint8Array, row: Uint8Array, channels: number, reach: number): void {
  const end = reach * channels + row.length
  padded.set(row, reach * channels)
  for (let i = reach * channels - 1; i >= 0; i--) padded[i] = padded[i + channels] as number
  for (let i = end; i < padded.length; i++) padded[i] = padded[i - channels] as number
}

/**
 * sums[i] := Σ weights[tap] × values[starts[tap] + i], tap by tap: the order of the additions decides the last bit,
 * and the fraction that is dropped later decides a byte. Four taps at a time halve the time.
 */
export function weigh(sums: Float64Array, values: Uint8Array, starts: Int32Array, weights: Float64Array): void {
  sums.fill(0)
  const at = (tap: number) => [starts[tap] as number, weights[tap] as number] as const
  let tap = 0
  for (; tap + 3 < weights.length; tap += 4) {
    const [a, wa] = at(tap)
    const [b, wb] = at(tap + 1)
    const [c, wc] = at(tap + 2)
    const [d, wd] = at(tap + 3)
    for (let i = 0; i < sums.length; i++) {
      const two = (sums[i] as number) + wa * (values[a + i] as number) + wb * (values[b + i] as number)
      sums[i] = two + wc * (values[c + i] as number) + wd * (values[d + i] as number)
    }
  }
  for (; tap < weights.length; tap++) {
    const [a, wa] = at(tap)
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + wa * (values[a + i] as number)
  }
}
