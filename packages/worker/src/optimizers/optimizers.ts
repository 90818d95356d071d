import type { Config } from '@imgsvc/core/config/schema'
import { probe } from '../engine/decode.ts'
import { findProgram } from './find-program.ts'
import { gifsicle } from './gifsicle.ts'
import { jpegtran } from './jpegtran.ts'
import type { Finished, OptimizeOptions, Optimizer } from './optimizer.ts'
import { pngcrush } from './pngcrush.ts'
import { type FailedRun, runProgram } from './run-program.ts'

const OPTIMIZERS: readonly Optimizer[] = [jpegtran, gifsicle, pngcrush]

/** What became of a picture: `unlike` is no file of that format, size and number of frames. */
export type OptimizeOutcome = 'used' | 'not_smaller' | 'unlike' | FailedRun['why']

export interface OptimizersOptions {
  readonly config: Pick<Config, 'images' | 'tools'>
  /** Where programs are looked for: directories, separated by colons. */
  readonly searchPath: string
  readonly log: { warn(facts: object, text: string): void }
  /** `saved`: bytes. */
  readonly onOutcome: (program: Optimizer['name'] | 'ffmpeg', outcome: OptimizeOutcome, saved: number) => void
}

export interface Optimizers {
  /** The file after all programs of `images.optimizers` that take its format. Rejects only with the signal's reason. */
  optimize(file: Finished, options: OptimizeOptions): Promise<Buffer>
  /** Looks for the programs again; tells which of the wanted ones are missing. */
  configure(config: OptimizersOptions['config']): void
}

/** Runs external programs over finished files; whatever one does wrong, the file before it is kept. */
export function createOptimizers({ config, searchPath, log, onOutcome }: OptimizersOptions): Optimizers {
  let { tools } = config
  let programs: ReadonlyMap<string, string> = new Map()

  function configure(next: OptimizersOptions['config']): void {
    tools = next.tools
    const found = new Map<string, string>()
    for (const { name } of OPTIMIZERS.filter(({ name }) => next.images.optimizers.includes(name))) {
      const program = findProgram(name, tools[name], searchPath)
      if (program) found.set(name, program)
      else
        log.warn({ program: name, path: tools[name] ?? searchPath }, 'optimizer not found: pictures stay as they are')
    }
    programs = found
  }

  async function improve(optimizer: Optimizer, file: Finished, options: OptimizeOptions): Promise<Buffer> {
    const program = programs.get(optimizer.name)
    if (program === undefined) return file.data
    const done = await runProgram(optimizer.command(program, options, tools), file.data, {
      timeoutMs: tools.timeout,
      maxBytes: tools.maxBytes,
      signal: options.signal,
      searchPath,
    })
    if (!done.ok) {
      onOutcome(optimizer.name, done.why, 0)
      log.warn({ program, why: done.why, detail: done.detail }, 'optimizer failed: the picture stays as it was')
      return file.data
    }
    const outcome = await judge(file, done.data)
    onOutcome(optimizer.name, outcome, outcome === 'used' ? file.data.length - done.data.length : 0)
    if (outcome === 'unlike') log.warn({ program }, 'optimizer wrote another picture: it stays as it was')
    return outcome === 'used' ? done.data : file.data
  }

  configure(config)
  return {
    configure,
    async optimize({ data, format }, options) {
      let best = data
      for (const name of options.images.optimizers) {
        const optimizer = OPTIMIZERS.find((known) => known.name === name && known.format === format)
        if (optimizer) best = await improve(optimizer, { data: best, format }, options)
      }
      return best
    },
  }
}

async function judge({ data, format }: Finished, made: Buffer): Promise<'used' | 'not_smaller' | 'unlike'> {
  const [before, after] = [await headerOf(data), await headerOf(made)]
  const isLike =
    after?.format === format &&
    after.width === before?.width &&
    after.height === before.height &&
    after.pages === before.pages
  if (!isLike) return 'unlike'
  return made.length < data.length ? 'used' : 'not_smaller'
}

/** Undefined for what is no picture. */
async function headerOf(bytes: Buffer) {
  try {
    return await probe(bytes, { maxPixels: Number.POSITIVE_INFINITY, animatedGif: true })
  } catch {
    return undefined
  }
}
