import { z } from 'zod'
import { type ControlMethod, type ControlParams, MAX_TAIL_LINES } from './control.ts'
import { ImgsvcError } from './errors.ts'
import { EVENT_FILTERS } from './events.ts'
import { LOG_LEVELS } from './log-level.ts'
import { signalOf } from './signal-name.ts'

const isSignal = (text: string) => signalOf(text) !== undefined
const none = z.strictObject({})
const MAX_SELECTORS = 1000
const select = z.array(z.string().max(64)).max(MAX_SELECTORS)
const selection = z.strictObject({ select: select.min(1) })
const MAX_TIMEOUT_MS = 3_600_000
const MAX_WORKERS = 256
const MAX_REQUEST_ID = 256
const MAX_URL = 65_536
const MAX_ACCEPT = 4096

const CONTROL_PARAMS: { readonly [M in ControlMethod]: z.ZodType<ControlParams<M>> } = {
  'supervisor.info': none,
  'supervisor.upgrade': none,
  'supervisor.shutdown': z.strictObject({ timeoutMs: z.int().min(0).max(MAX_TIMEOUT_MS).optional() }),
  'process.list': z.strictObject({ select: select.optional() }),
  'process.stats': z.strictObject({ select: select.optional() }),
  'process.start': selection,
  'process.stop': selection,
  'process.restart': selection,
  'process.signal': z.strictObject({
    select: select.min(1),
    signal: z.string().refine(isSignal, 'expected a signal such as SIGTERM, TERM or 15'),
  }),
  'process.drain': selection,
  'process.undrain': selection,
  'process.scale': z.strictObject({ workers: z.int().min(1).max(MAX_WORKERS) }),
  'config.reload': z.strictObject({ dryRun: z.boolean().optional() }),
  'config.show': none,
  'picture.explain': z.strictObject({
    url: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'expected a path of visible ASCII that begins with a slash')
      .max(MAX_URL),
    accept: z.string().max(MAX_ACCEPT).optional(),
  }),
  'log.tail': z.strictObject({
    select: select.optional(),
    stream: z.enum(['log', 'stderr']).optional(),
    lines: z.int().min(0).max(MAX_TAIL_LINES).optional(),
    follow: z.boolean().optional(),
    since: z.int().min(0).optional(),
    level: z.enum(LOG_LEVELS).optional(),
    requestId: z.string().min(1).max(MAX_REQUEST_ID).optional(),
  }),
  'log.reopen': none,
  'log.clear': selection,
  events: z.strictObject({
    lines: z.int().min(0).max(MAX_TAIL_LINES).optional(),
    follow: z.boolean().optional(),
    types: z.array(z.enum(EVENT_FILTERS)).max(EVENT_FILTERS.length).optional(),
  }),
}

/** Checks what came over the control socket or the admin port. Throws CONTROL_PARAMS_INVALID naming every mistake. */
export function parseControlParams<M extends ControlMethod>(method: M, params: unknown): ControlParams<M> {
  const parsed = CONTROL_PARAMS[method].safeParse(params)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
  throw new ImgsvcError('CONTROL_PARAMS_INVALID', `${method}: ${mistakes.join('; ')}`)
}
