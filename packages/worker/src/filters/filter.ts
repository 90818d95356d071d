import type { Field, Values } from '@imgsvc/core/args/fields'
import { parseFilterArgs } from '@imgsvc/core/args/parse-args'
import type { Box, Size } from '../engine/geometry/box.ts'
import type { RequestedSize } from '../engine/geometry/targets.ts'
import type { GeometryInput } from '../engine/geometry/transform.ts'
import type { OutputFormat, SourceInfo, VideoFormat } from '../engine/image.ts'
import type { NinePatch } from '../engine/kernels/nine-patch.ts'
import type { Step } from '../engine/ops.ts'

/**
 * When a filter acts. `request`: on the answer, no picture changes. `source`: before the sizes are worked out.
 * `geometry` and `pixels`: on the sized picture, together in URL order. `encode`: on how the picture is written.
 */
export type Phase = 'request' | 'source' | 'geometry' | 'pixels' | 'encode'

/** What filters of the phases `request` and `encode` declare; a later call wins. */
export interface Settings {
  /** Cache-Control of this answer, s. */
  readonly maxAge?: number
  /** As written; the encoder takes 1 to 100. */
  readonly quality?: number
  readonly format?: OutputFormat
  /** An animation as a video. */
  readonly video?: VideoFormat
  /** Opaque PNG sources as JPEG; undefined leaves it to `images.autoPngToJpg`. */
  readonly autoJpg?: boolean
  /** Size to squeeze JPEG and WebP under, bytes. */
  readonly maxBytes?: number
  readonly stripIcc?: true
  readonly stripExif?: true
}

/** What a step filter may know. */
export interface StepContext {
  /** The picture as the steps before left it, px. */
  readonly size: Size
  /** The request after the geometry, px. */
  readonly requested: RequestedSize
  /** The source upright, px: what `orig` means. */
  readonly source: Size
  /** Headers of the other sources the filters name. */
  readonly refs: ReadonlyMap<string, SourceInfo>
  /** Frames among them, measured. */
  readonly ninePatches: ReadonlyMap<string, NinePatch>
  /** Eyes in faces, px of the picture; none once a filter changed its size or turned it. */
  readonly eyes: readonly Box[]
}

interface Declaration<F extends readonly Field<unknown>[]> {
  /** As written in URLs. */
  readonly name: string
  /** One sentence. */
  readonly summary: string
  readonly args: F
  /** One sentence on values that are fine each but not together; undefined when they are. */
  check?(values: Values<F>): string | undefined
  /** A call that does something to a photo; documents show it and the contract test runs it. */
  readonly example: string
}

/** What one file of a phase folder declares. */
export type FilterDeclaration<F extends readonly Field<unknown>[]> =
  | (Declaration<F> & { readonly phase: 'request' | 'encode'; set(values: Values<F>): Settings })
  | (Declaration<F> & { readonly phase: 'source'; adjust(values: Values<F>, input: GeometryInput): GeometryInput })
  | (Declaration<F> & {
      readonly phase: 'geometry' | 'pixels'
      /** Other sources the filter needs, as written. */
      refs?(values: Values<F>): readonly string[]
      /** Those of them that are frames, whose marks decide sizes. */
      ninePatches?(values: Values<F>): readonly string[]
      /** It needs to know where eyes are. */
      readonly eyes?: true
      plan(values: Values<F>, context: StepContext): readonly Step[]
    })

/** One call with its arguments typed: only what its phase does is left to do. */
export type ResolvedFilter = { readonly name: string; readonly text: string } & (
  | { readonly phase: 'request' | 'encode'; readonly settings: Settings }
  | { readonly phase: 'source'; adjust(input: GeometryInput): GeometryInput }
  | {
      readonly phase: 'geometry' | 'pixels'
      readonly refs: readonly string[]
      readonly ninePatches: readonly string[]
      readonly eyes: boolean
      plan(context: StepContext): readonly Step[]
    }
)

/** What became of one call; `values` are its arguments in the order of the declaration. */
export type Resolution =
  | { readonly ok: true; readonly call: ResolvedFilter; readonly values: readonly unknown[] }
  | { readonly ok: false; readonly message: string }

export interface Filter {
  readonly name: string
  readonly phase: Phase
  readonly summary: string
  readonly args: readonly Field<unknown>[]
  readonly example: string
  /** The call typed, or one sentence on what is wrong with it. */
  resolve(text: string): Resolution
}

/** Makes a filter of its declaration; the types of the values follow from `args`. */
export function defineFilter<const F extends readonly Field<unknown>[]>(declaration: FilterDeclaration<F>): Filter {
  const { name, phase, summary, args, example } = declaration
  return {
    name,
    phase,
    summary,
    args,
    example,
    resolve(text) {
      const parsed = parseFilterArgs(name, text, args)
      if (!parsed.ok) return parsed
      const wrong = declaration.check?.(parsed.values)
      return wrong
        ? { ok: false, message: `${name}: ${wrong}` }
        : { ok: true, call: bind(declaration, text, parsed.values), values: parsed.values }
    },
  }
}

function bind<F extends readonly Field<unknown>[]>(
  declaration: FilterDeclaration<F>,
  text: string,
  values: Values<F>,
): ResolvedFilter {
  const { name } = declaration
  switch (declaration.phase) {
    case 'request':
    case 'encode':
      return { name, text, phase: declaration.phase, settings: declaration.set(values) }
    case 'source':
      return { name, text, phase: 'source', adjust: (input) => declaration.adjust(values, input) }
    case 'geometry':
    case 'pixels':
      return {
        name,
        text,
        phase: declaration.phase,
        refs: declaration.refs?.(values) ?? [],
        ninePatches: declaration.ninePatches?.(values) ?? [],
        eyes: declaration.eyes ?? false,
        plan: (context) => declaration.plan(values, context),
      }
  }
}
