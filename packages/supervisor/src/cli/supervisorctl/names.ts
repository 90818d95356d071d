import type { ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isSelected, parseSelector, type Selector } from '@imgsvc/core/process'

/** What one name of a command line stands for. */
export type Named =
  | { readonly kind: 'process'; readonly process: ProcessInfo }
  /** `all`, `worker`, `worker:*`. */
  | { readonly kind: 'group'; readonly processes: readonly ProcessInfo[] }
  /** `word` is what supervisorctl calls it: `no such group` for `x:*`, else `no such process`. */
  | { readonly kind: 'unknown'; readonly name: string; readonly word: string; readonly isGroup: boolean }

/**
 * The processes that names of supervisorctl's command line stand for; `all` replaces every other one
 * (`supervisorctl.py`, do_start and its like; `options.py`, split_namespec).
 */
export function resolveNames(names: readonly string[], processes: readonly ProcessInfo[]): readonly Named[] {
  if (names.includes('all')) return [{ kind: 'group', processes }]
  return names.map((name) => resolveName(name, processes))
}

function resolveName(name: string, processes: readonly ProcessInfo[]): Named {
  const selector = selectorOf(name)
  const chosen = selector ? processes.filter((process) => isSelected(selector, process)) : []
  const [first] = chosen
  if (selector?.kind === 'number' && first) return { kind: 'process', process: first }
  if (first) return { kind: 'group', processes: chosen }
  const group = /^(.*):\*?$/.exec(name)?.[1]
  if (group !== undefined) return { kind: 'unknown', name: group, word: 'no such group', isGroup: true }
  return { kind: 'unknown', name, word: 'no such process', isGroup: false }
}

function selectorOf(name: string): Selector | undefined {
  try {
    return parseSelector(name)
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'SELECTOR_INVALID') return undefined
    throw error
  }
}
