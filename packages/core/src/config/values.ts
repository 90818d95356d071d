import type { z } from 'zod'
import { kindOf, type SettingKind } from './expected.ts'
import { type Config, configSchema } from './schema.ts'
import { childOf, isRecord, nodeOf } from './schema-node.ts'
import type { SettingMeta } from './setting.ts'

/** One value of a configuration with what the schema says about it. */
export interface SettingValue {
  /** `workers.count`, `sources.0.root`, `security.previousKeys` (a list of texts is one value). */
  readonly path: string
  readonly value: unknown
  readonly kind: SettingKind
  readonly meta: SettingMeta
}

/** Every value of a configuration, in the order of its keys. */
export function walkValues(config: Config): readonly SettingValue[] {
  const out: SettingValue[] = []
  collect(configSchema, config, [], { doc: '', reload: 'restart' }, out)
  return out
}

/** A copy of a configuration with some values replaced. */
export function mapValues(config: Config, change: (setting: SettingValue) => unknown): Config {
  return rebuild(configSchema, config, [], { doc: '', reload: 'restart' }, change) as Config
}

function collect(
  schema: z.ZodType,
  value: unknown,
  path: readonly string[],
  meta: SettingMeta,
  out: SettingValue[],
): void {
  rebuild(schema, value, path, meta, (setting) => {
    out.push(setting)
    return setting.value
  })
}

function rebuild(
  wrapped: z.ZodType,
  value: unknown,
  path: readonly string[],
  inherited: SettingMeta,
  change: (setting: SettingValue) => unknown,
): unknown {
  const { schema, meta = inherited } = nodeOf(wrapped)
  const kind = kindOf(schema)
  const inner = (key: string, child: unknown): unknown => {
    const node = childOf(schema, key, value)
    return node ? rebuild(node.schema, child, [...path, key], node.meta ?? meta, change) : child
  }
  if (kind === 'section' && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inner(key, child)]))
  }
  if (kind === 'list' && Array.isArray(value) && value.some(isRecord)) {
    return value.map((child, index) => inner(String(index), child))
  }
  return change({ path: path.join('.'), value, kind, meta })
}
