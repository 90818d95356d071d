import { expect, test } from 'vitest'
import { paste } from './composite.ts'

const { fround } = Math

/** The definition, in single precision (`thumbor/ext/filters/_composite.c`). */
function merged(below: readonly number[], above: readonly number[]): number[] {
  const [a1, a2] = [fround((below[3] as number) / 255), fround((above[3] as number) / 255)]
  const alpha = fround(1 - fround(fround(1 - a1) * fround(1 - a2)))
  const colours = [0, 1, 2].map((c) => {
    const over = fround(a2 * (above[c] as number))
    const under = fround(fround(a1 * (below[c] as number)) * fround(1 - a2))
    return alpha > 0 ? Math.min(Math.trunc(fround(fround(over + under) / alpha)), 255) : 0
  })
  return [...colours, Math.trunc(fround(alpha * 255))]
}

test('merging is its definition for every pair of opacities', async () => {
  // A row for each opacity below, a column for each above; colours differ everywhere.
  const picture = (opacity: (x: number, y: number) => number, salt: number) => {
    const data = new Uint8Array(256 * 256 * 4)
    for (let i = 0; i < data.length; i++) data[i] = ((i + salt) * 2654435761) >>> 24
    for (let i = 0; i < 256 * 256; i++) data[i * 4 + 3] = opacity(i % 256, i >> 8)
    return { data, width: 256, height: 256, channels: 4 } as const
  }
  const [below, above] = [picture((_, y) => y, 1), picture((x) => x, 77_777)]
  const expected = new Uint8Array(below.data.length)
  for (let i = 0; i < expected.length; i += 4) {
    expected.set(merged([...below.data.subarray(i, i + 4)], [...above.data.subarray(i, i + 4)]), i)
  }
  await paste(below, above, { left: 0, top: 0 }, 'merge')
  expect(Buffer.compare(below.data, expected)).toBe(0)
})

test('what sticks out is cut off', async () => {
  const bottom = { data: new Uint8Array(4 * 4 * 4), width: 4, height: 4, channels: 4 } as const
  const top = { data: new Uint8Array(3 * 3 * 4).fill(255), width: 3, height: 3, channels: 4 } as const
  for (const at of [-2, 3]) await paste(bottom, top, { left: at, top: at }, 'merge')
  const drawn = [...bottom.data].flatMap((value, i) => (i % 4 === 3 && value === 255 ? [(i - 3) / 4] : []))
  expect(drawn).toEqual([0, 15])
  await paste(bottom, top, { left: 9, top: 0 }, 'replace')
})
