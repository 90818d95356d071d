import { compile, wasm } from './wasm.ts'

/** Bytes that are worked out together; a row of a tile is a multiple of these. */
export const BLOCK = 16

// 4 MB: the tile, its result and the taps.
const PAGES = 64
export const MEMORY = PAGES * 65_536
/** Bytes of one tap: where it lies, relative to the byte it counts for, and its weight. */
export const TAP = 16
const WEIGHT = 8

const [OUT, IN, PITCH, COUNT, ROWS, TAPS, END] = [0, 1, 2, 3, 4, 5, 6] as const
const PARAMETERS = 7
const [AT, TAP_AT, PLACE] = [7, 8, 9] as const
const [FACTOR, SHORTS, INTEGERS, SUMS] = [10, 11, 12, 13] as const
const PAIRS = BLOCK / 2

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const sums = range(PAIRS).map((i) => SUMS + i)
const bytes = (...starts: readonly number[]) => starts.flatMap((start) => range(8).map((i) => start + i))
const { get, set } = wasm
const advance = (local: number, by: readonly number[]) => [...get(local), ...by, ...wasm.add, ...set(local)]

/** sum += weight × two of the integers. */
const weighPair = (sum: number, integers: readonly number[]) => [
  ...get(sum),
  ...integers,
  ...wasm.toDoubles,
  ...get(FACTOR),
  ...wasm.multiply,
  ...wasm.addDoubles,
  ...set(sum),
]

const weighTap = [
  ...[...get(IN), ...get(AT), ...wasm.add, ...get(TAP_AT), ...wasm.loadI32, ...wasm.add, ...set(PLACE)],
  ...[...get(TAP_AT), ...wasm.loadSplat(WEIGHT), ...set(FACTOR)],
  ...[0, 1].flatMap((half) => [
    ...[...get(PLACE), ...wasm.loadBytes(half * 8), ...set(SHORTS)],
    ...[wasm.lower, wasm.upper].flatMap((quarter, i) => [
      ...[...get(SHORTS), ...quarter, ...set(INTEGERS)],
      ...weighPair(SUMS + half * 4 + i * 2, get(INTEGERS)),
      ...weighPair(SUMS + half * 4 + i * 2 + 1, [...get(INTEGERS), ...get(INTEGERS), ...wasm.shuffle(bytes(8, 8))]),
    ]),
  ]),
]

const truncated = (sum: number) => [...get(sum), ...wasm.truncate]
/** Two pairs of sums as four integers. */
const quarter = (sum: number) => [...truncated(sum), ...truncated(sum + 1), ...wasm.shuffle(bytes(0, 16))]
const half = (sum: number) => [...quarter(sum), ...quarter(sum + 2), ...wasm.toShorts]

const weighBlock = [
  ...sums.flatMap((sum) => [...wasm.zero, ...set(sum)]),
  ...[...get(TAPS), ...set(TAP_AT)],
  ...wasm.loop([...weighTap, ...advance(TAP_AT, wasm.i32(TAP))], [...get(TAP_AT), ...get(END), ...wasm.isBelow]),
  ...[...get(OUT), ...get(AT), ...wasm.add, ...half(SUMS), ...half(SUMS + 4), ...wasm.toBytes, ...wasm.store],
]

const weighRow = [
  ...[...wasm.i32(0), ...set(AT)],
  ...wasm.loop([...weighBlock, ...advance(AT, wasm.i32(BLOCK))], [...get(AT), ...get(COUNT), ...wasm.isBelow]),
]

const { memory, run } = compile({
  pages: PAGES,
  parameters: PARAMETERS,
  i32: SUMS - PARAMETERS - 3,
  v128: 3 + PAIRS,
  body: wasm.loop(
    [
      ...weighRow,
      ...advance(IN, get(PITCH)),
      ...advance(OUT, get(COUNT)),
      ...[...get(ROWS), ...wasm.i32(1), ...wasm.subtract, ...set(ROWS)],
    ],
    get(ROWS),
  ),
})

export interface Tile {
  /** Where the bytes lie in `memory`, and how far its rows are apart. */
  readonly at: number
  readonly pitch: number
  /** Bytes of a row and rows of the result; the first a multiple of BLOCK. */
  readonly count: number
  readonly rows: number
  /** Where the result goes; its rows follow each other. */
  readonly out: number
  /** Where the taps lie, and how many these are. */
  readonly taps: number
  readonly tapCount: number
}

/** What `weighTile` works on; only what one synchronous stretch of code wrote there is to be relied on. */
export const tileMemory: Uint8Array = memory

/**
 * Each byte of the result := Σ weight × byte, brought into a byte, fraction dropped. In double precision, two at a time,
 * and tap by tap: the order of the additions decides the last bit, and the fraction that is dropped decides a byte.
 */
export function weighTile({ at, pitch, count, rows, out, taps, tapCount }: Tile): void {
  run(out, at, pitch, count, rows, taps, taps + tapCount * TAP)
}
