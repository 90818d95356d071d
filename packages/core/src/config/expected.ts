import { z } from 'zod'
import { nodeOf, typedMembers } from './schema-node.ts'
import { shapes } from './setting.ts'

/** How a setting is written; decides how its text in the environment and in flags is read. */
export type SettingKind =
  | 'text'
  | 'secret'
  | 'choice'
  | 'number'
  | 'boolean'
  | 'size'
  | 'duration'
  | 'address'
  | 'list'
  | 'section'

/** The kind of a schema, wrappers ignored. */
export function kindOf(wrapped: z.ZodType): SettingKind {
  const { schema } = nodeOf(wrapped)
  const shape = shapes.get(schema)
  if (shape) return shape.kind
  if (schema instanceof z.ZodArray) return 'list'
  if (schema instanceof z.ZodObject || schema instanceof z.ZodDiscriminatedUnion) return 'section'
  if (schema instanceof z.ZodBoolean) return 'boolean'
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return 'choice'
  if (schema instanceof z.ZodNumber || schema instanceof z.ZodUnion) return 'number'
  return 'text'
}

/** Completes "expected …" for a schema: `"auto" or a whole number from 1 to 256`. */
export function expectedOf(wrapped: z.ZodType): string {
  const { schema } = nodeOf(wrapped)
  const shape = shapes.get(schema)
  if (shape) return shape.expected
  const members = typedMembers(schema)
  if (members) return `a section whose type is ${quotedList(members.map(({ type }) => type))}`
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => expectedOf(option as z.ZodType)).join(' or ')
  if (schema instanceof z.ZodEnum) return quotedList(schema.options.map(String))
  if (schema instanceof z.ZodLiteral) return quotedList([...schema.values].map(String))
  if (schema instanceof z.ZodBoolean) return 'true or false'
  if (schema instanceof z.ZodNumber) return expectedNumber(schema)
  if (schema instanceof z.ZodArray) return expectedList(schema.element as z.ZodType)
  if (schema instanceof z.ZodObject) return 'a section of settings'
  if (schema instanceof z.ZodString) return schema.minLength ? 'text that is not empty' : 'text'
  return 'another value'
}

/** `"a", "b" or "c"`. */
export function quotedList(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`)
  const last = quoted.pop() ?? ''
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : last
}

function expectedNumber(schema: z.ZodNumber): string {
  const what = schema.format === 'safeint' ? 'a whole number' : 'a number'
  const { minValue: min, maxValue: max } = schema
  const hasMax = max !== null && max < Number.MAX_SAFE_INTEGER
  if (min !== null && min > Number.MIN_SAFE_INTEGER)
    return hasMax ? `${what} from ${min} to ${max}` : `${what} from ${min} on`
  return hasMax ? `${what} up to ${max}` : what
}

function expectedList(element: z.ZodType): string {
  const kind = kindOf(element)
  if (kind === 'section') return 'a list of sections'
  if (kind === 'secret') return 'a list of env:NAME, file:PATH or texts'
  const { schema } = nodeOf(element)
  if (schema instanceof z.ZodEnum) return `a list of ${quotedList(schema.options.map(String))}`
  const shape = shapes.get(schema)
  return shape ? `a list, each ${shape.expected}` : 'a list of texts'
}
