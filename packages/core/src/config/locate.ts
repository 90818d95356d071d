import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'

/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where the key or the value of a path stands; undefined when the file does not have it. */
export type Locate = (path: readonly string[], part: 'key' | 'value') => Position | undefined

/** Finds places in a YAML document. */
export function createLocator(doc: Document, lines: LineCounter): Locate {
  const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()
  // Keys are looked up once per value: without the index a long section would take quadratic time.
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => {
    let index = pairs.get(map)
    if (!index) {
      index = new Map(map.items.map((pair) => [keyText(pair.key), pair]))
      pairs.set(map, index)
    }
    return index.get(key)
  }
  return (path, part) => {
    let node: unknown = doc.contents
    let key: unknown
    for (const segment of path) {
      if (isAlias(node)) node = node.resolve(doc)
      if (isMap(node)) {
        const pair = pairOf(node, segment)
        if (!pair) return undefined
        key = pair.key
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(segment)]
        key = node
      } else return undefined
    }
    const target = (part === 'key' ? key : (node ?? key)) as Node | undefined
    if (!target?.range) return undefined
    const { line, col } = lines.linePos(target.range[0])
    return { line, column: col }
  }
}

/** The name a key has once the document is read. */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return key.value === null ? '' : String(key.value)
}
