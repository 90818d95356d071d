import type { ErrorCode } from '@imgsvc/core/errors'

/** Exit codes of imgsvc; they follow supervisorctl (LSB). */
export const EXIT = {
  ok: 0,
  generic: 1,
  badArguments: 2,
  /** `status` with a process that is not RUNNING; BACKOFF counts. */
  notRunning: 3,
  /** The supervisor does not answer. */
  notReachable: 4,
  /** A process could not start. */
  notStarted: 7,
} as const

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  SELECTOR_INVALID: EXIT.badArguments,
  PROCESS_UNKNOWN: EXIT.badArguments,
  CONTROL_PARAMS_INVALID: EXIT.badArguments,
  NOT_RUNNING: EXIT.notReachable,
  CONTROL_FORBIDDEN: EXIT.notReachable,
  PROCESS_FAILED: EXIT.notStarted,
}

/** The exit code an error of this code ends a command with. */
export function exitCodeOf(code: ErrorCode): number {
  return BY_ERROR[code] ?? EXIT.generic
}
