import { z } from 'zod'
import { secret, setting } from '../setting.ts'

/** Signing keys. Without a key, the first `up` makes one in the state directory. */
export const security = z
  .strictObject({
    key: setting(secret().default(''), {
      doc: 'Signing key of URLs (HMAC-SHA1). Empty: a generated one in the state directory.',
      reload: 'live',
      secret: true,
      thumbor: 'SECURITY_KEY',
    }),
    previousKeys: setting(z.array(secret()).default([]), {
      doc: 'Older keys that are still accepted, for rotation.',
      reload: 'live',
      secret: true,
    }),
    allowUnsafe: setting(z.boolean().default(false), {
      doc: 'Accept unsigned URLs (`/unsafe/…`).',
      reload: 'live',
      thumbor: 'ALLOW_UNSAFE_URL',
    }),
    keyPerImage: setting(z.boolean().default(false), {
      doc: 'Keep the key with every original that is loaded; URLs of that image stay valid when the key changes.',
      reload: 'live',
      thumbor: 'STORES_CRYPTO_KEY_FOR_EACH_IMAGE',
    }),
    useBlacklist: setting(z.boolean().default(false), {
      doc: 'Refuse the sources listed at `/blacklist`, where anybody who reaches it adds to the list.',
      reload: 'live',
      thumbor: 'USE_BLACKLIST',
    }),
  })
  .prefault({})
