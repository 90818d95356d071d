/** A file operation of a rotation; names, not paths. */
export type RotationStep =
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'copy'; readonly from: string; readonly to: string }
  /** What `from` got since it was copied is appended to `to`, and `from` begins anew. */
  | { readonly type: 'finish'; readonly from: string; readonly to: string }
  | { readonly type: 'truncate'; readonly name: string }
  | { readonly type: 'delete'; readonly name: string }

export interface RotationPolicy {
  /** The file is rotated when it is larger, bytes; 0 is never. */
  readonly maxBytes: number
  /** Rotated files kept; 0 begins the file anew without keeping any. */
  readonly backups: number
}

/** How the writer goes on: `reopen` opens the name again when asked, `hold` keeps its descriptor (stderr of a child). */
export type Writer = 'reopen' | 'hold'

/** Index of a rotated file: `worker-0.log.2` of `worker-0.log` is 2; 0 is the file itself; undefined is another file. */
export function backupIndex(base: string, name: string): number | undefined {
  if (name === base) return 0
  if (!name.startsWith(`${base}.`)) return undefined
  const suffix = name.slice(base.length + 1)
  return /^[1-9]\d{0,5}$/.test(suffix) ? Number(suffix) : undefined
}

/**
 * The steps that rotate `base` when it has grown past the limit, in an order that never loses a file when it is cut
 * off half way: the oldest are deleted, the others move up from the top, the file itself goes last. `names` is the
 * directory; backups beyond the number kept are deleted even when the file is small. Pure.
 */
export function rotation(
  base: string,
  size: number,
  names: readonly string[],
  policy: RotationPolicy,
  writer: Writer,
): readonly RotationStep[] {
  const present = new Set(names.map((name) => backupIndex(base, name)).filter((index) => index !== undefined))
  const due = policy.maxBytes > 0 && size > policy.maxBytes
  const tooOld = [...present].filter((index) => index > policy.backups).sort((a, b) => b - a)
  const steps: RotationStep[] = tooOld.map((index) => ({ type: 'delete', name: backupName(base, index) }))
  if (!due) return steps
  if (policy.backups === 0) return [...steps, { type: 'truncate', name: base }]

  // A file that its writer cannot reopen is copied before anything moves: on a full disk this fails, and keeps failing,
  // without pushing the older files out.
  const copy = `${base}.copy`
  if (writer === 'hold') steps.push({ type: 'copy', from: base, to: copy })

  // Only up to the first gap: what lies above it need not move.
  let free = 1
  while (free <= policy.backups && present.has(free)) free++
  if (free > policy.backups) {
    steps.push({ type: 'delete', name: backupName(base, policy.backups) })
    free = policy.backups
  }
  for (let index = free; index > 1; index--) {
    steps.push({ type: 'rename', from: backupName(base, index - 1), to: backupName(base, index) })
  }
  const newest = backupName(base, 1)
  steps.push({ type: 'rename', from: writer === 'hold' ? copy : base, to: newest })
  if (writer === 'hold') steps.push({ type: 'finish', from: base, to: newest })
  return steps
}

function backupName(base: string, index: number): string {
  return `${base}.${index}`
}
