import type { z } from 'zod'
import { suggest } from '../suggest.ts'
import { expectedOf, kindOf, quotedList } from './expected.ts'
import type { Layers, Source } from './layers.ts'
import type { Mistake, Place } from './mistake.ts'
import type { ConfigFile } from './parse-yaml.ts'
import { configSchema } from './schema.ts'
import { childOf, nodeOf, shapeOf, typedMembers, valueAt } from './schema-node.ts'

/** Where values come from, to say who wrote a mistake. */
export interface Provenance {
  readonly layers: Layers
  readonly file: ConfigFile | undefined
}

type Issue = z.core.$ZodIssue

/** Turns what the schema found into sentences that name the place and what would be right. */
export function mistakesOf(issues: readonly Issue[], provenance: Provenance): readonly Mistake[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], provenance))
    return [{ ...placeOf(path, provenance), path: path.join('.'), message: messageOf(path, provenance.layers.value) }]
  })
}

/** The place a value was written at, for the front of a mistake. */
export function placeOf(path: readonly string[], provenance: Provenance, part: 'key' | 'value' = 'value'): Place {
  const source = provenance.layers.sourceOf(path)
  if (source?.by !== 'file') return { where: source && nameOf(source) }
  for (let length = path.length; length > 0; length--) {
    const position = provenance.file?.positionOf(path.slice(0, length), length === path.length ? part : 'value')
    if (position) return { where: `${source.path}:${position.line}:${position.column}`, ...position }
  }
  return { where: source.path, line: 1 }
}

function nameOf(source: Exclude<Source, { by: 'file' }>): string | undefined {
  if (source.by === 'env') return source.name
  return source.by === 'flag' ? source.flag : undefined
}

function unknownKey(path: readonly string[], provenance: Provenance): Mistake {
  const place = placeOf(path, provenance, 'key')
  return { ...place, path: path.join('.'), message: unknownSetting(path, provenance.layers.value) }
}

/** Why a path names no setting, and which one may be meant. `root` holds the values the `type` of a section is read from. */
export function unknownSetting(path: readonly string[], root: unknown): string {
  const parent = path.slice(0, -1)
  const key = path.at(-1) as string
  const { schema } = schemaAt(parent, root).node
  const value = valueAt(root, parent)
  const members = typedMembers(schema)
  const owners = members?.filter((member) => Object.hasOwn(member.shape, key)).map(({ type }) => type) ?? []
  if (owners.length > 0) return `only sections of type ${quotedList(owners)} have this setting`
  const siblings = Object.keys(shapeOf(schema, value) ?? {})
  if (siblings.length === 0) return 'there is no such setting'
  const meant = suggest(key, siblings)
  return `there is no such setting; ${meant ? `did you mean "${meant}"?` : `known here: ${siblings.join(', ')}`}`
}

/** The schema at a path, or the nearest one above it; `depth` is how many segments of the path were found. */
export function schemaAt(path: readonly string[], root: unknown): { node: ReturnType<typeof nodeOf>; depth: number } {
  let node = nodeOf(configSchema)
  let depth = 0
  for (const key of path) {
    const child = childOf(node.schema, key, valueAt(root, path.slice(0, depth)))
    if (!child) break
    node = child
    depth += 1
  }
  return { node, depth }
}

function messageOf(path: readonly string[], root: unknown): string {
  const { node, depth } = schemaAt(path, root)
  const value = valueAt(root, path.slice(0, depth))
  // The schema of `type` is that of one member of the union; what is right are the types of all of them.
  const members = path.at(-1) === 'type' ? typedMembers(schemaAt(path.slice(0, -1), root).node.schema) : undefined
  if (members) return sentence(quotedList(members.map(({ type }) => type)), valueAt(root, path))
  const expected = expectedOf(node.schema)
  const isSecret = node.meta?.secret || kindOf(node.schema) === 'secret'
  return isSecret ? secretSentence(expected, value) : sentence(expected, value)
}

// Never shows the value: mistakes are logged and sent around.
function secretSentence(expected: string, value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return `expected ${expected}; put it in quotes`
  return value === null ? `expected ${expected}, got nothing` : `expected ${expected}`
}

function sentence(expected: string, value: unknown): string {
  if (value === undefined) return `missing; expected ${expected}`
  const isUnquoted = expected.startsWith('text') && (typeof value === 'number' || typeof value === 'boolean')
  return `expected ${expected}, got ${shown(value)}${isUnquoted ? '; put it in quotes' : ''}`
}

const LONGEST_SHOWN = 60

function shown(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a section'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value)
}
