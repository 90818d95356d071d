import type { Mistake } from './mistake.ts'
import { isRecord } from './schema-node.ts'

/** S3 places, wherever they stand in a configuration, that name one half of a static key pair. */
export function keyPairMistakes(config: unknown, path = ''): readonly Pick<Mistake, 'path' | 'message'>[] {
  if (Array.isArray(config)) return config.flatMap((one, index) => keyPairMistakes(one, `${path}[${index}]`))
  if (!isRecord(config)) return []
  const below = Object.entries(config).flatMap(([key, value]) =>
    keyPairMistakes(value, path === '' ? key : `${path}.${key}`),
  )
  const missing = missingHalf(config)
  if (missing === undefined) return below
  const message = 'expected accessKeyId and secretAccessKey together, or neither (default credential chain)'
  return [{ path: `${path}.${missing}`, message }, ...below]
}

function missingHalf({ accessKeyId, secretAccessKey }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined
  if ((accessKeyId === '') === (secretAccessKey === '')) return undefined
  return accessKeyId === '' ? 'accessKeyId' : 'secretAccessKey'
}
