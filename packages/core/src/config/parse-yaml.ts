import { type Alias, type Document, LineCounter, type Node, Parser, parseDocument, visit } from 'yaml'
import { ImgsvcError } from '../errors.ts'
import { createLocator, keyText, type Locate } from './locate.ts'
import { formatMistakes, type Mistake, type Place } from './mistake.ts'
import { isRecord } from './schema-node.ts'

const MAX_DEPTH = 64
const MAX_ALIASES = 100

/** A configuration file as read, not yet validated. */
export interface ConfigFile {
  /** As given by the caller. */
  readonly path: string
  readonly value: Readonly<Record<string, unknown>>
  /** Mistakes that do not hide the others: duplicate keys, unknown tags. */
  readonly mistakes: readonly Mistake[]
  readonly positionOf: Locate
}

/** Parses YAML text; `name` stands in front of every mistake. Throws CONFIG_INVALID. */
export function parseConfigText(text: string, name: string): ConfigFile {
  const lines = new LineCounter()
  const fail = (message: string, cause?: unknown) =>
    new ImgsvcError('CONFIG_INVALID', `${name}:1:1: ${message}`, { cause })
  if (isTooDeep(text)) throw fail(`nested more than ${MAX_DEPTH} levels deep`)
  // The parser's own search for duplicate keys takes quadratic time.
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', uniqueKeys: false })
  const mistakes = [...doc.errors, ...doc.warnings].map(({ code, message, pos }) => ({
    ...placeAt(lines, pos[0], name),
    message: SENTENCES[code] ?? `YAML: ${message}`,
  }))
  const { aliases, duplicates } = survey(doc)
  mistakes.push(...duplicates.map((key) => ({ ...placeAt(lines, startOf(key), name), message: DUPLICATE })))
  if (aliases.length > MAX_ALIASES) throw fail(TOO_MANY_ALIASES)
  // Reading the document would throw at the first of them, without its place.
  const lost = aliases.filter((alias) => !alias.resolve(doc))
  mistakes.push(...lost.map((alias) => ({ ...placeAt(lines, startOf(alias), name), message: LOST_ALIAS })))
  if (lost.length > 0 || doc.errors.length > 0) {
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
  return { path: name, value: value ?? {}, mistakes, positionOf: createLocator(doc, lines) }
}

/** Reads the text of a flag or variable as a YAML value. Throws CONFIG_INVALID with the reason alone. */
export function parseYamlValue(text: string): unknown {
  if (isTooDeep(text)) throw new ImgsvcError('CONFIG_INVALID', `nested more than ${MAX_DEPTH} levels deep`)
  const doc = parseDocument(text, { prettyErrors: false, logLevel: 'error', uniqueKeys: false })
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

/** All aliases, and the keys that stand in their section already. */
function survey(doc: Document): { readonly aliases: readonly Alias[]; readonly duplicates: readonly unknown[] } {
  const aliases: Alias[] = []
  const duplicates: unknown[] = []
  visit(doc, {
    Alias(_, alias) {
      aliases.push(alias)
    },
    Map(_, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (seen.has(keyText(key))) duplicates.push(key)
        seen.add(keyText(key))
      }
    },
  })
  return { aliases, duplicates }
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}

// One missing quote makes the parser stumble again and again: the first mistake of a line is the useful one.
function firstOfEachLine(mistakes: readonly Mistake[]): Mistake[] {
  const seen = new Set<number | undefined>()
  return mistakes.filter(({ line }) => !seen.has(line) && seen.add(line))
}

const SENTENCES: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put the value in quotes or on lines of its own',
  MULTIPLE_DOCS: 'a second document begins here (---); only one is allowed',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  // The parser would print the text behind the mark, which may be a key that was not quoted.
  TAG_RESOLVE_FAILED: 'this tag is unknown; text that begins with ! needs quotes',
}

const TOO_MANY_ALIASES = `the aliases (*name) stand for more than ${MAX_ALIASES} values`
const DUPLICATE = 'this key is there twice'
const LOST_ALIAS = 'no anchor of this name; text that begins with * needs quotes'
