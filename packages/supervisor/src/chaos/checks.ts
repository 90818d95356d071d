/** One thing that was to come true. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What was seen. */
  readonly detail: string
  /** About how fast, not about whether: a busy machine may miss it. */
  readonly isSpeed: boolean
}

/** What came of a row, note by note. */
export interface Checks {
  readonly checks: readonly Check[]
  /** Notes whether something came true. */
  check(name: string, ok: boolean, detail?: string): void
  /** Notes that something took `ms`, and that it should take at most `limitMs`; null: it never came. */
  within(name: string, ms: number | null, limitMs: number): void
  /** Notes a check that a busy machine may miss. */
  speed(name: string, ok: boolean, detail: string): void
}

/** An empty list of checks. */
export function createChecks(): Checks {
  const checks: Check[] = []
  const note = (name: string, ok: boolean, detail: string, isSpeed: boolean) => {
    checks.push({ name, ok, detail, isSpeed })
  }
  return {
    checks,
    check: (name, ok, detail = '') => note(name, ok, detail, false),
    speed: (name, ok, detail) => note(name, ok, detail, true),
    within(name, ms, limitMs) {
      note(name, ms !== null, ms === null ? 'not seen' : `after ${Math.round(ms)} ms`, false)
      if (ms !== null) note(`${name} within ${limitMs} ms`, ms <= limitMs, `${Math.round(ms)} ms`, true)
    },
  }
}
