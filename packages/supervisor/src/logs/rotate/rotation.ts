import { formatLogName, type LogName, parseLogName } from '../log-name.ts'

/** A file operation of a rotation; names, not paths. */
export type RotationStep =
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'truncate'; readonly name: string }
  | { readonly type: 'delete'; readonly name: string }

/** The files of a log that are there although they should not be: beyond the number kept, or doubled. Pure. */
export function surplus(base: string, names: readonly string[], backups: number): readonly RotationStep[] {
  return rotated(base, names)
    .filter((file, at, all) => file.index > backups || isDoubled(file, all[at + 1]))
    .reverse()
    .map((file) => ({ type: 'delete', name: formatLogName(base, file) }))
}

/**
 * The steps that make `newest` (the log itself, or a copy of it) the first rotated file, in an order that never loses a
 * file when it is cut off half way: the oldest are deleted, the others move up from the top, the newest goes last.
 * `names` is the directory. Pure.
 */
export function rotation(
  base: string,
  names: readonly string[],
  backups: number,
  newest: string = base,
): readonly RotationStep[] {
  if (backups === 0) {
    const emptied: RotationStep = newest === base ? { type: 'truncate', name: base } : { type: 'delete', name: newest }
    return [...surplus(base, names, backups), emptied]
  }
  const gone = surplus(base, names, backups)
  const files = new Map(rotated(base, names).map((file) => [file.index, file]))
  const steps = [...gone]
  // Only up to the first gap: what lies above it need not move.
  let free = 1
  while (free <= backups && files.has(free)) free++
  if (free > backups) {
    free = backups
    steps.push({ type: 'delete', name: formatLogName(base, files.get(free) as LogName) })
  }
  for (let index = free; index > 1; index--) {
    const file = files.get(index - 1) as LogName
    steps.push({ type: 'rename', from: formatLogName(base, file), to: formatLogName(base, { ...file, index }) })
  }
  steps.push({ type: 'rename', from: newest, to: formatLogName(base, { index: 1, isCompressed: false }) })
  return steps
}

/** By index; of two with the same index the compressed one, which is complete from the moment it exists, comes last. */
function rotated(base: string, names: readonly string[]): LogName[] {
  return names
    .flatMap((name) => parseLogName(base, name) ?? [])
    .filter(({ index }) => index > 0)
    .sort((a, b) => a.index - b.index || Number(a.isCompressed) - Number(b.isCompressed))
}

/** Compressed and not yet deleted: the compression was cut off between the two. */
function isDoubled(file: LogName, following: LogName | undefined): boolean {
  return following?.index === file.index
}
