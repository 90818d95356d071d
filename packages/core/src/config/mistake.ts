/** Where a mistake was written. */
export interface Place {
  /** `imgsvc.yaml:12:7`, `IMGSVC_WORKERS_COUNT` or `--set workers.count`; undefined when nobody wrote the value. */
  readonly where?: string | undefined
  /** Place in the file, for the order of the report. */
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** One thing that is wrong with the configuration. */
export interface Mistake extends Place {
  /** `workers.count`. */
  readonly path?: string | undefined
  /** `expected …, got …`. */
  readonly message: string
}

const MOST = 50

/** All mistakes, one per line, those of the file first and in its order: `imgsvc.yaml:12:7: workers.count: expected …`. */
export function formatMistakes(mistakes: readonly Mistake[]): string {
  const sorted = [...mistakes].sort((a, b) => order(a.line, b.line) || order(a.column, b.column))
  const lines = sorted.slice(0, MOST).map(formatMistake)
  if (sorted.length > MOST) lines.push(`and ${sorted.length - MOST} more`)
  return lines.join('\n')
}

// Mistakes outside the file have no line and keep their order behind those that have one.
function order(a = Number.MAX_SAFE_INTEGER, b = Number.MAX_SAFE_INTEGER): number {
  return a - b
}

function formatMistake({ where, path, message }: Mistake): string {
  // `--set workers.count` names the setting already.
  const isNamed = path !== undefined && where?.endsWith(` ${path}`)
  return [where, isNamed ? undefined : path, message].filter(Boolean).join(': ')
}
