import type { Size } from './geometry/box.ts'
import { equalized } from './kernels/equalize.ts'
import { noisy } from './kernels/noise.ts'
import { saturated } from './kernels/saturation.ts'
import { brightnessTable, type ColourTables, contrastTable, throughTable, throughTables } from './kernels/table.ts'
import type { RawStep, StepParams } from './ops.ts'

const CHANNELS = 4

/** A step that changes each pixel where it stands; `passes` is what it costs, in times the number of bytes. */
function inPlace(op: string, size: Size, params: StepParams, passes: number, run: RawStep['run']): RawStep {
  return { kind: 'raw', op, params, size, work: size.width * size.height * CHANNELS * passes, run }
}

/** Adds a share of 255 to every colour channel; the percentage may be any integer. */
export function brighten(size: Size, percent: number): RawStep {
  const table = brightnessTable(percent)
  return inPlace('brightness', size, { percent }, 1, (image) => throughTable(image, table))
}

/** Spreads every colour channel around the middle; the percentage may be any integer. */
export function spread(size: Size, percent: number): RawStep {
  const table = contrastTable(percent)
  return inPlace('contrast', size, { percent }, 1, (image) => throughTable(image, table))
}

/** Sends red, green and blue through a table each. */
export function mapColours(op: string, size: Size, params: StepParams, tables: ColourTables): RawStep {
  return inPlace(op, size, params, 1, (image) => throughTables(image, tables))
}

/** Evens out the histogram of each colour channel. */
export function equalize(size: Size): RawStep {
  return inPlace('equalize', size, {}, 2, equalized)
}

/** Moves colours away from gray by a factor. */
export function saturate(size: Size, factor: number): RawStep {
  return inPlace('saturation', size, { factor }, 4, (image) => saturated(image, factor))
}

/** Adds noise of up to half of `amount` either way, the same for the same seed. */
export function addNoise(size: Size, amount: number, seed: number): RawStep {
  return inPlace('noise', size, { amount, seed }, 2, (image) => noisy(image, amount, seed))
}
