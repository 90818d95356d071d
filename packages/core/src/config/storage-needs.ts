import type { Mistake } from './mistake.ts'
import type { Config } from './schema.ts'

/** Settings that keep something in the storage of originals when there is none; `path` names the setting to change. */
export function storageMistakes({
  upload,
  security,
  storage,
}: Pick<Config, 'upload' | 'security' | 'storage'>): readonly Pick<Mistake, 'path' | 'message'>[] {
  if (storage.type !== 'none') return []
  const needs = [
    ...(upload.enabled ? ['upload.enabled'] : []),
    ...(security.useBlacklist ? ['security.useBlacklist'] : []),
  ]
  return needs.map((need) => ({ path: 'storage.type', message: `expected "file", which ${need} needs, got "none"` }))
}
