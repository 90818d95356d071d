import { ImgsvcError } from '@imgsvc/core/errors'
import { errnoOf } from './errno.ts'

/** The part of a logger that stores need; pino's fits. */
export interface WarnLog {
  warn(fields: object, text: string): void
}

/** Tells of a failing cache without flooding the log: once per cause until it works again. */
export interface Trouble {
  failed(operation: string, error: unknown): void
  /** The store worked: the next failure is news again. */
  cleared(operation: string): void
}

/** `store` names the cache in the log, such as `results`. */
export function createTrouble(store: string, log: WarnLog): Trouble {
  // Bounded by nature: a handful of operations times the errno names.
  const told = new Map<string, Set<string>>()
  return {
    failed(operation, error) {
      const cause = causeOf(error)
      const causes = told.get(operation) ?? new Set()
      told.set(operation, causes)
      if (causes.has(cause)) return
      causes.add(cause)
      log.warn({ store, operation, cause, err: error }, 'store failed; serving without it')
    },
    cleared(operation) {
      told.get(operation)?.clear()
    },
  }
}

function causeOf(error: unknown): string {
  if (error instanceof ImgsvcError) return errnoOf(error.cause) ?? error.code
  return errnoOf(error) ?? (error instanceof Error ? error.name : 'unknown')
}
