import { z } from 'zod'
import { bytes, hostPort, secret, setting } from '../setting.ts'

/** Log files, one per process. */
export const logs = z
  .strictObject({
    dir: setting(z.string().min(1).default('./logs'), {
      doc: 'Directory of the log files.',
      reload: 'restart',
      path: true,
    }),
    level: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'), {
      doc: 'Least level written.',
      reload: 'live',
    }),
    maxBytes: setting(bytes().default(10 * 1024 ** 2), {
      doc: 'A log file is rotated when it grows past this; 0 is never.',
      unit: 'bytes',
      reload: 'live',
    }),
    backups: setting(z.int().min(0).max(10_000).default(10), {
      doc: 'Rotated files kept per log (`.1` is the newest).',
      reload: 'live',
    }),
  })
  .prefault({})

/** Metrics, control API and web pages. */
export const admin = z
  .strictObject({
    listen: setting(hostPort().prefault('127.0.0.1:9001'), { doc: 'Address of the admin port.', reload: 'restart' }),
    token: setting(secret().default(''), {
      doc: 'Bearer token of the admin port. Empty: only loopback peers may call it.',
      reload: 'live',
      secret: true,
    }),
  })
  .prefault({})
