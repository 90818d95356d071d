/** What a module of one function is made of. */
export interface WasmFunction {
  /** Memory, in pages of 64 KB. */
  readonly pages: number
  /** Number of parameters; all are i32. */
  readonly parameters: number
  /** Locals behind the parameters. */
  readonly i32: number
  readonly v128: number
  readonly body: readonly number[]
}

/** A compiled function and the memory it works on. */
export interface Compiled {
  readonly memory: Uint8Array
  run(...values: readonly number[]): void
}

// The part of the standard that is used; it is not in TypeScript's libraries for Node.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer }
      readonly run: (...values: readonly number[]) => void
    }
  }
}

const I32 = 0x7f
const V128 = 0x7b
const FUNCTION = 0x60
const END = 0x0b

/** Makes and compiles a module that holds the function and its memory (webassembly.github.io/spec, binary format). */
export function compile({ pages, parameters, i32, v128, body }: WasmFunction): Compiled {
  const code = [
    ...vector([
      [...unsigned(i32), I32],
      [...unsigned(v128), V128],
    ]),
    ...body,
    END,
  ]
  const module = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[FUNCTION, ...unsigned(parameters), ...Array<number>(parameters).fill(I32), 0]]),
    ...section(3, [[0]]),
    ...section(5, [[1, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(7, [
      [...name('memory'), 2, 0],
      [...name('run'), 0, 0],
    ]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module)))
  return { memory: new Uint8Array(exports.memory.buffer), run: exports.run }
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = vector(entries)
  return [id, ...unsigned(content.length), ...content]
}

function vector(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()]
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)]
}

/** A number of at least 0 in 7 bits a byte, lowest first (LEB128). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

const NONE = 0x40

/** Instructions by their names in the standard; those of vectors begin with 0xfd. */
export const wasm = {
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  /** A number of 0 to 63. */
  i32: (value: number) => [0x41, value],
  add: [0x6a],
  subtract: [0x6b],
  isBelow: [0x49],
  /** Runs its body again whenever this is true at its end. */
  loop: (body: readonly number[], again: readonly number[]) => [0x03, NONE, ...body, ...again, 0x0d, 0, END],
  loadI32: [0x28, 2, 0],
  /** Eight bytes as i16x8. */
  loadBytes: (offset: number) => [0xfd, 0x02, 0, offset],
  /** A double, twice. */
  loadSplat: (offset: number) => [0xfd, 0x0a, 3, offset],
  store: [0xfd, 0x0b, 0, 0],
  zero: [0xfd, 0x0c, ...Array<number>(16).fill(0)],
  /** Each a byte of two vectors, 0 to 31. */
  shuffle: (bytes: readonly number[]) => [0xfd, 0x0d, ...bytes],
  /** The lower or upper half of i16x8 as i32x4. */
  lower: [0xfd, 0xa9, 1],
  upper: [0xfd, 0xaa, 1],
  /** The lower two of i32x4 as doubles. */
  toDoubles: [0xfd, 0xfe, 1],
  multiply: [0xfd, 0xf2, 1],
  addDoubles: [0xfd, 0xf0, 1],
  /** Two doubles as integers without their fractions, and two zeros. */
  truncate: [0xfd, 0xfc, 1],
  /** Two i32x4 as i16x8, and two i16x8 as bytes, each brought into its range. */
  toShorts: [0xfd, 0x85, 1],
  toBytes: [0xfd, 0x66],
} as const
