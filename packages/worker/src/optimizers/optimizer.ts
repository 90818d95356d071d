import type { Config } from '@imgsvc/core/config/schema'
import type { OutputFormat } from '../engine/image.ts'
import type { Command } from './run-program.ts'

/** A finished file. */
export interface Finished {
  readonly data: Buffer
  readonly format: OutputFormat
}

/** How a file is to be optimized. */
export interface OptimizeOptions {
  readonly images: Pick<Config['images'], 'optimizers' | 'progressiveJpeg'>
  /** The request has strip_icc(). */
  readonly stripIcc: boolean
  readonly signal: AbortSignal
}

/** An external program that makes files of one format smaller and leaves every pixel as it is. */
export interface Optimizer {
  /** As in `images.optimizers`, in `tools` and in the PATH. */
  readonly name: 'jpegtran' | 'gifsicle' | 'pngcrush'
  readonly format: OutputFormat
  command(program: string, options: OptimizeOptions, tools: Config['tools']): Command
}
