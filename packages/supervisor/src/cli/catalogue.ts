import { readFileSync } from 'node:fs'
import { ImgsvcError } from '@imgsvc/core/errors'
import { suggest } from '@imgsvc/core/suggest'

/** One filter as `catalogue.json` of the worker has it; the engine need not be loaded to read it. */
export interface CatalogueFilter {
  readonly name: string
  readonly phase: string
  readonly summary: string
  /** `blur(radius, sigma?)` */
  readonly signature: string
  readonly args: readonly {
    readonly name: string
    /** Completes "expected …". */
    readonly expected: string
    readonly doc: string
    readonly unit?: string
    readonly optional: boolean
    readonly default?: string | number | boolean
  }[]
  readonly example: string
}

/** Every filter, by name. */
export function readCatalogue(): readonly CatalogueFilter[] {
  const path = new URL('../catalogue.json', import.meta.resolve('@imgsvc/worker/main'))
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly filters: readonly CatalogueFilter[] }).filters
}

/** The filter of this name. Throws FILTER_INVALID with the nearest name. */
export function catalogueFilter(filters: readonly CatalogueFilter[], name: string): CatalogueFilter {
  const found = filters.find((filter) => filter.name === name)
  if (found) return found
  const closest = suggest(
    name,
    filters.map((filter) => filter.name),
  )
  const advice = closest === undefined ? '`imgsvc filters` lists them' : `did you mean ${closest}?`
  throw new ImgsvcError('FILTER_INVALID', `there is no filter ${JSON.stringify(name)}; ${advice}`)
}

/** A filter for people. */
export function filterLines({ summary, signature, phase, args, example }: CatalogueFilter): readonly string[] {
  const width = Math.max(0, ...args.map(({ name }) => name.length)) + 2
  return [
    signature,
    `  ${summary}`,
    ...args.map((arg) => `  ${arg.name.padEnd(width)}${argumentWords(arg)}`),
    `  acts on: ${phase}`,
    `  example: ${example}`,
  ]
}

function argumentWords({ expected, unit, doc, optional, default: fallback }: CatalogueFilter['args'][number]): string {
  const needed = optional ? `optional${fallback === undefined ? '' : `, default ${fallback}`}` : 'required'
  return [`${expected}${unit === undefined ? '' : ` (${unit})`}; ${needed}`, doc].filter(Boolean).join('. ')
}
