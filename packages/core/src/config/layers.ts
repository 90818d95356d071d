import { isRecord } from './schema-node.ts'

/** Who wrote a value. */
export type Source =
  | { readonly by: 'default' }
  | { readonly by: 'file'; readonly path: string; readonly line: number; readonly column: number }
  | { readonly by: 'env'; readonly name: string }
  | { readonly by: 'flag'; readonly flag: string }

/** Values laid one over another, and who wrote each. Paths are joined with dots. */
export interface Layers {
  readonly value: Readonly<Record<string, unknown>>
  /** Lays a tree over what is there: sections are merged, everything else is replaced. */
  merge(value: unknown, sourceAt: (path: readonly string[]) => Source): void
  /**
   * Lays one value over what is at a path, making sections and the next entry of a list where they are missing.
   * False when the path leads past the end of a list.
   */
  set(path: readonly string[], value: unknown, source: Source): boolean
  /** Who wrote the value at a path; the nearest section above when the path itself was written by nobody. */
  sourceOf(path: readonly PropertyKey[]): Source | undefined
  /** Who wrote exactly this path. */
  writerOf(path: string): Source | undefined
}

type Container = Record<string, unknown>

// Null prototypes make `__proto__` and `constructor` keys like any other: unknown settings.
const emptySection = (): Container => Object.create(null) as Container

// A section of another type shares no settings with the one beneath it.
function isOtherType(before: Container, value: Container): boolean {
  return Object.hasOwn(value, 'type') && value.type !== before.type
}

/** Begins with nothing. */
export function createLayers(): Layers {
  const root = emptySection()
  const sources = new Map<string, Source>()

  // Walks over everything known: only called for what is really replaced, or a long list would take minutes.
  function forget(path: string): void {
    for (const known of sources.keys()) if (known === path || known.startsWith(`${path}.`)) sources.delete(known)
  }

  function put(
    target: Container,
    key: string,
    value: unknown,
    path: readonly string[],
    sourceAt: (path: readonly string[]) => Source,
  ) {
    const name = path.join('.')
    const before = Object.hasOwn(target, key) ? target[key] : undefined
    const isMerged = isRecord(value) && isRecord(before) && !isOtherType(before, value)
    if (!isMerged) {
      if (before !== undefined) forget(name)
      target[key] = isRecord(value) ? emptySection() : Array.isArray(value) ? [] : value
    }
    if (typeof value === 'object' && value !== null) {
      for (const [child, inner] of Object.entries(value)) {
        put(target[key] as Container, child, inner, [...path, child], sourceAt)
      }
    }
    sources.set(name, sourceAt(path))
  }

  return {
    value: root,
    merge(value, sourceAt) {
      if (isRecord(value)) for (const [key, inner] of Object.entries(value)) put(root, key, inner, [key], sourceAt)
    },
    set(path, value, source) {
      let target: Container = root
      for (const [i, key] of path.entries()) {
        if (Array.isArray(target) && !(Number(key) <= target.length)) return false
        if (i === path.length - 1) break
        if (!isRecord(target[key]) && !Array.isArray(target[key])) {
          target[key] = /^\d+$/.test(path[i + 1] as string) ? [] : emptySection()
          sources.set(path.slice(0, i + 1).join('.'), source)
        }
        target = target[key] as Container
      }
      const key = path.at(-1) as string
      // `--set storage.type=none` leaves the other type's settings behind.
      if (key === 'type' && target.type !== value && isRecord(target)) {
        for (const other of Object.keys(target)) {
          delete target[other]
          forget([...path.slice(0, -1), other].join('.'))
        }
      }
      put(target, key, value, path, () => source)
      return true
    },
    sourceOf(path) {
      for (let length = path.length; length > 0; length--) {
        const source = sources.get(path.slice(0, length).join('.'))
        if (source) return source
      }
      return undefined
    },
    writerOf: (path) => sources.get(path),
  }
}
