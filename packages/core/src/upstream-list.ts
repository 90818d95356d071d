import { z } from 'zod'
import type { UpstreamList } from './child-control.ts'
import { ImgsvcError } from './errors.ts'
import { type ProcessId, parseProcessId } from './process.ts'

const upstreamList = z.object({
  version: z.int().min(0),
  upstreams: z.array(
    z.object({
      id: z.string().transform((id): ProcessId => {
        parseProcessId(id)
        return id as ProcessId
      }),
      host: z.string().min(1),
      port: z.int().min(1).max(65_535),
      state: z.enum(['up', 'draining', 'down']),
      generation: z.int().min(0),
    }),
  ),
})

/** Checks a list of workers that came over a socket or from `run/upstreams.json`. Throws CONTROL_PARAMS_INVALID. */
export function parseUpstreamList(value: unknown): UpstreamList {
  const parsed = upstreamList.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ImgsvcError('CONTROL_PARAMS_INVALID', `not a list of upstreams: ${z.prettifyError(parsed.error)}`)
}
