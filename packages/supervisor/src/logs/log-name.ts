/** A file of a log: 0 is the one being written, 1 the newest rotated one. */
export interface LogName {
  readonly index: number
  readonly isCompressed: boolean
}

const SUFFIX = /^([1-9]\d{0,5})(\.gz)?$/
const OURS = /^((?:supervisor|balancer-\d+|worker-\d+)(?:\.stderr)?\.log)(?:\.(.+))?$/
/** What a rotation or a compression was in the middle of. */
const UNFINISHED = /^(?:copy|[1-9]\d{0,5}\.gz\.tmp)$/

/** Reads `worker-0.log.2.gz` of `worker-0.log`; undefined is another file. */
export function parseLogName(base: string, name: string): LogName | undefined {
  if (name === base) return { index: 0, isCompressed: false }
  if (!name.startsWith(`${base}.`)) return undefined
  const match = SUFFIX.exec(name.slice(base.length + 1))
  return match ? { index: Number(match[1]), isCompressed: match[2] !== undefined } : undefined
}

/** The opposite of parseLogName. */
export function formatLogName(base: string, { index, isCompressed }: LogName): string {
  if (index === 0) return base
  return `${base}.${index}${isCompressed ? '.gz' : ''}`
}

/**
 * The log that a file in the log directory belongs to, whichever process it is of and whether that still exists;
 * undefined for files of others, which are neither counted nor touched.
 */
export function logOf(name: string): string | undefined {
  const [, base, suffix] = OURS.exec(name) ?? []
  return suffix === undefined || SUFFIX.test(suffix) || UNFINISHED.test(suffix) ? base : undefined
}
