/** How serious a finding is; `fail`: imgsvc does not run, or will not, or loses what it must keep. */
export type Level = 'ok' | 'warn' | 'fail'

/** One thing `imgsvc doctor` has looked at. */
export interface Finding {
  readonly check: string
  readonly level: Level
  /** What is so, and where. */
  readonly what: string
  /** What to do about it; only where there is something to do. */
  readonly todo?: string
}

/** A finding without anything to do. */
export function ok(check: string, what: string): Finding {
  return { check, level: 'ok', what }
}

export function warn(check: string, what: string, todo: string): Finding {
  return { check, level: 'warn', what, todo }
}

export function fail(check: string, what: string, todo: string): Finding {
  return { check, level: 'fail', what, todo }
}
