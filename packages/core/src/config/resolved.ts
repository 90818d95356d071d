import { createHash } from 'node:crypto'
import { ImgsvcError } from '../errors.ts'
import { deepFreeze } from './freeze.ts'
import { mistakesOf } from './issues.ts'
import { createLayers } from './layers.ts'
import { formatMistakes } from './mistake.ts'
import { type Config, configSchema } from './schema.ts'
import { isRecord } from './schema-node.ts'

// Apart from load.ts: children read what was resolved, and their boot has no time for a YAML parser.

/**
 * The configuration as the supervisor wrote it for its children (JSON text, or the value it stands for),
 * checked again and frozen. Throws CONFIG_INVALID.
 */
export function parseResolvedConfig(json: unknown): Config {
  let value = json
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json)
    } catch (cause) {
      throw new ImgsvcError('CONFIG_INVALID', `the resolved configuration is not JSON: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
  if (!isRecord(value)) throw new ImgsvcError('CONFIG_INVALID', 'the resolved configuration is not an object')
  const layers = createLayers()
  layers.merge(value, () => ({ by: 'default' }))
  const parsed = configSchema.safeParse(layers.value)
  if (parsed.success) return deepFreeze(parsed.data)
  throw new ImgsvcError('CONFIG_INVALID', formatMistakes(mistakesOf(parsed.error.issues, { layers, file: undefined })))
}

/** Short hash of a configuration: equal values, equal hash, whatever the order of the keys. */
export function configHash(config: Config): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex').slice(0, 16)
}

/** JSON with sorted keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}
