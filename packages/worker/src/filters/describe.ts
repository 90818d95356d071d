import type { Phase } from './filter.ts'
import { FILTERS } from './registry.ts'

/** One argument of a filter, in words. */
export interface ArgumentDescription {
  readonly name: string
  /** Completes "expected …". */
  readonly expected: string
  readonly doc: string
  readonly unit?: string
  readonly optional: boolean
  readonly default?: string | number | boolean
}

/** One filter as documents, the playground and the command line show it. */
export interface FilterDescription {
  readonly name: string
  readonly phase: Phase
  readonly summary: string
  /** `blur(radius, sigma?)` */
  readonly signature: string
  readonly args: readonly ArgumentDescription[]
  readonly example: string
}

/** Every filter as plain data, by name: `packages/worker/catalogue.json`. */
export function describeFilters(): FilterDescription[] {
  return FILTERS.map(({ name, phase, summary, args, example }) => ({
    name,
    phase,
    summary,
    signature: `${name}(${args.map((arg) => (arg.optional ? `${arg.name}?` : arg.name)).join(', ')})`,
    args: args.map((arg) => ({
      name: arg.name,
      expected: arg.expected,
      doc: arg.doc,
      ...(arg.unit === undefined ? {} : { unit: arg.unit }),
      optional: arg.optional,
      ...(isPlain(arg.default) ? { default: arg.default } : {}),
    })),
    example,
  })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
