/**
 * The candidate a misspelt name most likely means, or undefined when none is near: at most one edit in three
 * characters (insert, delete, replace, swap neighbours), case ignored. `candidates` is a short list of names.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  // A name longer than any setting or filter is no misspelling, and the comparison is quadratic in its length.
  if (name.length > 64) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = editDistance(wanted, candidate.toLowerCase())
    if (edits >= least) continue
    best = candidate
    least = edits
  }
  return best
}

/** Edits between two texts (optimal string alignment distance). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, replace)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwapped) edits = Math.min(edits, (beforeLast[j - 2] as number) + 1)
      row.push(edits)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
