import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
} from 'yaml'
import { ImgsvcError } from '../errors.ts'
import { formatMistakes, type Mistake, type Place } from './mistake.ts'
import { isRecord } from './schema-node.ts'

const MAX_DEPTH = 64
const MAX_ALIASES = 100

/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A configuration file as read, not yet validated. */
export interface ConfigFile {
  /** As given by the caller. */
  readonly path: string
  readonly value: Readonly<Record<string, unknown>>
  /** Mistakes that do not hide the others: duplicate keys, unknown tags. */
  readonly mistakes: readonly Mistake[]
  /** Where the key or the value of a path stands; undefined when the file does not have it. */
  positionOf(path: readonly string[], part: 'key' | 'value'): Position | undefined
}

/** Parses YAML text; `name` stands in front of every mistake. Throws CONFIG_INVALID. */
export function parseConfigText(text: string, name: string): ConfigFile {
  const lines = new LineCounter()
  const fail = (message: string, cause?: unknown) =>
    new ImgsvcError('CONFIG_INVALID', `${name}:1:1: ${message}`, { cause })
  if (isTooDeep(text)) throw fail(`nested more than ${MAX_DEPTH} levels deep`)
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const mistakes = [...doc.errors, ...doc.warnings].map(({ code, message, pos }) => ({
    ...placeAt(lines, pos[0], name),
    message: SENTENCES[code] ?? `YAML: ${message}`,
  }))
  const aliases = aliasesOf(doc)
  if (aliases.length > MAX_ALIASES) throw fail(TOO_MANY_ALIASES)
  // Reading the document would throw at the first of them, without its place.
  const lost = aliases.filter((alias) => !alias.resolve(doc))
  mistakes.push(...lost.map(({ range }) => ({ ...placeAt(lines, range?.[0] ?? 0, name), message: LOST_ALIAS })))
  if (lost.length > 0 || doc.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) {
    throw new ImgsvcError('CONFIG_INVALID', formatMistakes(firstOfEachLine(mistakes)))
  }
  let value: unknown
  try {
    value = doc.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    throw fail(TOO_MANY_ALIASES, cause)
  }
  const depth = depthOf(value)
  if (depth === Number.POSITIVE_INFINITY) throw fail('an alias (*name) stands inside the value it names')
  if (depth > MAX_DEPTH) throw fail(`with its aliases (*name) nested more than ${MAX_DEPTH} levels deep`)
  if (value !== null && !isRecord(value)) {
    throw fail(
      `expected settings such as "listen: 0.0.0.0:8080", got ${Array.isArray(value) ? 'a list' : 'a single value'}`,
    )
  }
  return { path: name, value: value ?? {}, mistakes, positionOf: (path, part) => locate(doc, lines, path, part) }
}

/** Reads the text of a flag or variable as a YAML value. Throws CONFIG_INVALID with the reason alone. */
export function parseYamlValue(text: string): unknown {
  if (isTooDeep(text)) throw new ImgsvcError('CONFIG_INVALID', `nested more than ${MAX_DEPTH} levels deep`)
  const doc = parseDocument(text, { prettyErrors: false, logLevel: 'error' })
  const [error] = [...doc.errors, ...doc.warnings]
  if (error) throw new ImgsvcError('CONFIG_INVALID', SENTENCES[error.code] ?? `YAML: ${error.message}`)
  try {
    // Flags and variables have no use for anchors.
    return doc.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new ImgsvcError('CONFIG_INVALID', 'aliases (*name) are not allowed here', { cause })
  }
}

// The composer recurses: text such as `[[[[…` would exhaust the stack of the whole process. The parser does not.
function isTooDeep(text: string): boolean {
  type Token = { readonly value?: unknown; readonly items?: readonly { key?: unknown; value?: unknown }[] }
  for (const root of new Parser().parse(text)) {
    const open: { token: Token; depth: number }[] = [{ token: root as Token, depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.depth > MAX_DEPTH) return true
      const { token, depth } = next
      const below = [token.value, ...(token.items ?? []).flatMap(({ key, value }) => [key, value])]
      for (const child of below) {
        if (typeof child === 'object' && child !== null) open.push({ token: child as Token, depth: depth + 1 })
      }
    }
  }
  return false
}

/** Levels of a value; Infinity when an alias stands inside the value it names. */
function depthOf(value: unknown, known = new Map<unknown, number>()): number {
  if (typeof value !== 'object' || value === null) return 0
  const before = known.get(value)
  if (before !== undefined) return before
  known.set(value, Number.POSITIVE_INFINITY)
  const depth = 1 + Object.values(value).reduce((most, inner) => Math.max(most, depthOf(inner, known)), 0)
  known.set(value, depth)
  return depth
}

function placeAt(lines: LineCounter, offset: number, name: string): Place {
  const { line, col } = lines.linePos(offset)
  return { where: `${name}:${line}:${col}`, line, column: col }
}

function aliasesOf(doc: Document): readonly Alias[] {
  const aliases: Alias[] = []
  visit(doc, {
    Alias(_, alias) {
      aliases.push(alias)
    },
  })
  return aliases
}

// One missing quote makes the parser stumble again and again: the first mistake of a line is the useful one.
function firstOfEachLine(mistakes: readonly Mistake[]): Mistake[] {
  const seen = new Set<number | undefined>()
  return mistakes.filter(({ line }) => !seen.has(line) && seen.add(line))
}

const SENTENCES: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put the value in quotes or on lines of its own',
  DUPLICATE_KEY: 'this key is there twice',
  MULTIPLE_DOCS: 'a second document begins here (---); only one is allowed',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  // The parser would print the text behind the mark, which may be a key that was not quoted.
  TAG_RESOLVE_FAILED: 'this tag is unknown; text that begins with ! needs quotes',
}

const TOO_MANY_ALIASES = `the aliases (*name) stand for more than ${MAX_ALIASES} values`
const LOST_ALIAS = 'no anchor of this name; text that begins with * needs quotes'

function locate(
  doc: Document,
  lines: LineCounter,
  path: readonly string[],
  part: 'key' | 'value',
): Position | undefined {
  let node: unknown = doc.contents
  let key: unknown
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(doc)
    if (isMap(node)) {
      const pair = node.items.findLast((item) => keyText(item.key) === segment)
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

function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return key.value === null ? '' : String(key.value)
}
