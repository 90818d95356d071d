import { z } from 'zod'
import { type ProcessId, parseProcessId } from './process.ts'

const processId = z.string().transform((id): ProcessId => {
  parseProcessId(id)
  return id as ProcessId
})

const request = z.object({ requestId: z.string(), path: z.string(), ms: z.number() })

const schema = z.object({
  process: processId,
  pid: z.int(),
  generation: z.int(),
  at: z.number(),
  reason: z.enum(['crash', 'hang', 'memory', 'start']),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  message: z.string(),
  uptimeMs: z.number(),
  rss: z.number().nullable(),
  heap: z.number().nullable(),
  stderr: z.array(z.string()).readonly(),
  stack: z.array(z.string()).readonly(),
  requests: z.array(request.readonly()).readonly(),
})

/**
 * One process that ended, or was ended, against its will. `reason`: it ended by itself while it ran (`crash`) or before
 * it was ready (`start`), did not answer any more (`hang`), came near its memory cap (`memory`: replaced, nothing lost).
 * `at` is epoch ms, `rss` and `heap` are the last known bytes. `stderr` holds its last lines, `stack` where its event
 * loop was blocked, `requests` what it had in hand.
 */
export type Crash = Readonly<z.output<typeof schema>>
export type CrashReason = Crash['reason']

/** The text of a crash file as a Crash; undefined when it is none. */
export function parseCrash(text: string): Crash | undefined {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined // cut short by a full disk, or somebody else's file
  }
}
