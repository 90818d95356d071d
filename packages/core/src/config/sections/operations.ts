import { z } from 'zod'
import { EVENT_FILTERS } from '../../events.ts'
import { LOG_LEVELS } from '../../log-level.ts'
import { bytes, duration, hostPort, secret, serverUrl, setting, timeout } from '../setting.ts'

/** Log files, one per process. */
export const logs = z
  .strictObject({
    dir: setting(z.string().min(1).default('./logs'), {
      doc: 'Directory of the log files.',
      reload: 'restart',
      path: true,
    }),
    level: setting(z.enum(LOG_LEVELS).default('info'), {
      doc: 'Least level written.',
      reload: 'live',
    }),
    format: setting(z.enum(['json', 'plain']).default('json'), {
      doc: "How lines are written: JSON, or as supervisord's own log (`2026-11-21 03:04:05,678 INFO …`).",
      reload: 'live',
    }),
    maxRate: setting(bytes().default(10 * 1024 ** 2), {
      doc: 'Most that one process may log in a second; lines beyond are counted and dropped. 0 is no limit.',
      unit: 'bytes',
      reload: 'live',
    }),
    rotate: setting(z.enum(['on', 'off']).default('on'), {
      doc: '`off` leaves rotation, compression and deletion to another program, such as logrotate.',
      reload: 'live',
    }),
    maxBytes: setting(bytes().default(10 * 1024 ** 2), {
      doc: 'A log file is rotated when it grows past this; 0 is never.',
      unit: 'bytes',
      reload: 'live',
    }),
    rotateEvery: setting(duration().default(0), {
      doc: 'A log file is rotated when a period of this length ends, counted from local midnight (`1d`, `1h`); 0 is never.',
      unit: 'ms',
      reload: 'live',
    }),
    backups: setting(z.int().min(0).max(10_000).default(10), {
      doc: 'Rotated files kept per log (`.1` is the newest).',
      reload: 'live',
    }),
    compress: setting(z.boolean().default(true), {
      doc: 'Rotated files are compressed with gzip, except for the newest.',
      reload: 'live',
    }),
    maxTotal: setting(bytes().default(1024 ** 3), {
      doc: 'Disk space of all log files together; the oldest rotated files go first. 0 is no limit.',
      unit: 'bytes',
      reload: 'live',
    }),
  })
  .prefault({})

/** Who is told what happens to the processes. */
export const hooks = z
  .strictObject({
    events: setting(z.array(z.enum(EVENT_FILTERS)).default([]), {
      doc: 'Events that hooks are told: kinds (`state`, `crash`, `reload`, `rotation`, `supervisor`) and states (`state:FATAL`). Empty: all.',
      reload: 'live',
    }),
    webhook: setting(serverUrl().default(''), {
      doc: 'URL that every event is posted to as JSON. Redirects are not followed; failures are tried again.',
      reload: 'live',
    }),
    webhookSecret: setting(secret().default(''), {
      doc: 'Sent with every post as `X-Imgsvc-Secret`.',
      reload: 'live',
      secret: true,
    }),
    webhookTimeout: setting(timeout().default(5_000), { doc: 'Time one post may take.', reload: 'live' }),
    exec: setting(z.array(z.string().min(1)).default([]), {
      doc: 'Program that is started for every event, with its arguments: no shell; the event is on its stdin as JSON.',
      reload: 'live',
    }),
    execTimeout: setting(timeout().default(10_000), {
      doc: 'Time the program gets before it is killed.',
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
