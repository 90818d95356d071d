import type { ExplainedFilter } from '@imgsvc/core/explanation'
import type { FilterCall } from '@imgsvc/core/url/request'
import { findFilter } from './registry.ts'
import { resolveCall } from './resolve.ts'

/** One call with its arguments by name, or with the reason it does nothing. */
export function explainCall(call: FilterCall): ExplainedFilter {
  const { name, text } = call
  const filter = findFilter(name)
  const phase = filter?.phase ?? null
  const resolved = resolveCall(call)
  if (!resolved.ok) return { text, name, phase, args: null, ignored: resolved.message }
  const named = filter?.args.map((field, i) => [field.name, resolved.values[i]] as const) ?? []
  const args = Object.fromEntries(named.filter(([, value]) => value !== undefined))
  return { text, name, phase, args, ignored: null }
}
