import type { Mistake } from './mistake.ts'
import type { Config } from './schema.ts'

/** Settings that keep something in the storage of originals when there is none; `path` names the setting to change. */
export function storageMistakes({
  upload,
  security,
  storage,
}: Pick<Config, 'upload' | 'security' | 'storage'>): readonly Pick<Mistake, 'path' | 'message'>[] {
  const lacks = (part: 'originals' | 'keys') =>
    storage.type === 'none' || (storage.type === 'mixed' && storage[part].type === 'none')
  const of = (part: 'originals' | 'keys', need: string) => ({
    path: storage.type === 'mixed' ? `storage.${part}.type` : 'storage.type',
    message: `expected "file" or "s3", which ${need} needs, got "none"`,
  })
  return [
    ...(upload.enabled && upload.storage.type === 'originals' && lacks('originals')
      ? [of('originals', 'upload.enabled')]
      : []),
    ...(security.useBlacklist && lacks('originals') ? [of('originals', 'security.useBlacklist')] : []),
    ...(security.keyPerImage && lacks('keys') ? [of('keys', 'security.keyPerImage')] : []),
  ]
}
