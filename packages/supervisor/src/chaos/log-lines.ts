import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Shot } from './load.ts'
import { until } from './until.ts'

const SETTLE_MS = 3000
const AGENT = /imgsvc-chaos\/(\d+)/g

/**
 * How many answered requests have no line in the access logs, rotated and zipped ones and `elsewhere` included. Waits
 * a moment for the last ones to be written.
 */
export async function lostLines(shots: readonly Shot[], dirs: readonly string[]): Promise<number> {
  const answered = shots.filter(({ loss }) => loss === undefined)
  const count = () => {
    const found = loggedIds(dirs)
    return answered.filter(({ id }) => !found.has(id)).length
  }
  let missing = count()
  await until(
    () => {
      if (missing > 0) missing = count()
      return missing === 0
    },
    { withinMs: missing > 0 ? SETTLE_MS : 0, everyMs: 250 },
  )
  return missing
}

/** Numbers of the requests found in the balancers' logs. */
export function loggedIds(dirs: readonly string[]): ReadonlySet<number> {
  const ids = new Set<number>()
  for (const dir of dirs) {
    for (const name of listed(dir)) {
      for (const [, id] of read(join(dir, name)).matchAll(AGENT)) ids.add(Number(id))
    }
  }
  return ids
}

function listed(dir: string): readonly string[] {
  try {
    return readdirSync(dir).filter((name) => name.startsWith('balancer-'))
  } catch {
    return [] // the directory is one of those the row took away
  }
}

function read(path: string): string {
  try {
    const bytes = readFileSync(path)
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
  } catch {
    return '' // renamed or zipped while we were listing: the next look finds it
  }
}
