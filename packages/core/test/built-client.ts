import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Directory of the built package. */
export const DIST = fileURLToPath(new URL('../dist/', import.meta.url))

/** What `import` and `export … from` name, static or dynamic. */
const IMPORTS = /(?:\bfrom|\bimport)\s*\(?\s*(['"])(.+?)\1/g

/** Every file the built client imports, directly or not, by its path below `DIST`, with the specifiers it names. */
export function importGraph(entry = 'url/client.js'): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>()
  const visit = (path: string): void => {
    if (graph.has(path)) return
    const named = [...readFileSync(`${DIST}${path}`, 'utf8').matchAll(IMPORTS)].map(
      ([, , specifier]) => specifier as string,
    )
    graph.set(path, named)
    for (const specifier of named) {
      if (specifier.startsWith('.')) visit(new URL(specifier, `file:///${path}`).pathname.slice(1))
    }
  }
  visit(entry)
  return graph
}
