import { z } from 'zod'
import { type SettingMeta, settings } from './setting.ts'

/** A schema without its wrappers (default, prefault, optional), and what the wrappers said. */
export interface SchemaNode {
  readonly schema: z.ZodType
  /** Metadata found on the schema or on any of its wrappers. */
  readonly meta: SettingMeta | undefined
  /** The default as the schema states it; undefined when there is none. */
  readonly fallback: unknown
}

/** Takes the wrappers off a schema. */
export function nodeOf(wrapped: z.ZodType): SchemaNode {
  let schema = wrapped
  let meta = settings.get(schema)
  let fallback: unknown
  for (;;) {
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) fallback ??= schema.def.defaultValue
    else if (!(schema instanceof z.ZodOptional)) return { schema, meta, fallback }
    schema = schema.unwrap() as z.ZodType
    meta ??= settings.get(schema)
  }
}

/** One member of a union told apart by its `type`. */
export interface TypedMember {
  readonly type: string
  readonly shape: Readonly<Record<string, z.ZodType>>
}

/** The members of a union told apart by `type`, or undefined when the schema is none. */
export function typedMembers(schema: z.ZodType): readonly TypedMember[] | undefined {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined
  return schema.options.map((option) => {
    const { shape } = option as z.ZodObject<Record<string, z.ZodType>>
    const [type] = (shape.type as z.ZodLiteral<string>).values
    return { type: String(type), shape }
  })
}

/** The keys and schemas of an object; of a typed union those of the member `value` chooses (all members when it chooses none). */
export function shapeOf(schema: z.ZodType, value?: unknown): Readonly<Record<string, z.ZodType>> | undefined {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.ZodType>
  const members = typedMembers(schema)
  if (!members) return undefined
  const chosen = members.find((member) => member.type === (isRecord(value) ? value.type : undefined))
  if (chosen) return chosen.shape
  return Object.assign(Object.create(null), ...members.map((member) => member.shape))
}

/** The schema of one key or index below a schema, or undefined when nothing is there. */
export function childOf(schema: z.ZodType, key: string, value?: unknown): SchemaNode | undefined {
  if (schema instanceof z.ZodArray) return /^\d{1,6}$/.test(key) ? nodeOf(schema.element as z.ZodType) : undefined
  // A mistake about `type` is about all members, not the one that was chosen.
  const shape = shapeOf(schema, value)
  return shape && Object.hasOwn(shape, key) ? nodeOf(shape[key] as z.ZodType) : undefined
}

/** An object that is neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of keys, or undefined. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
