import { signal } from './proc.ts'
import type { Watch } from './watch.ts'

/** Who dies in a row: whose end was meant, and whose was not. */
export interface Toll {
  /** Sends a signal to a victim, whose death is then no surprise. */
  strike(pid: number, name: NodeJS.Signals): void
  /** Deaths that belong to the fault. */
  expectDeathOf(...pids: readonly number[]): void
  /** Whoever ends from now on does so as planned: a rolling restart, a stop. */
  expectDeaths(): void
  victims(): ReadonlySet<number>
  /** Whose end nobody had planned. */
  deadPids(): readonly number[]
}

/** Counts the deaths that are seen. */
export function createToll(watch: Pick<Watch, 'deaths'>): Toll {
  const victims = new Set<number>()
  let plannedFrom = Infinity
  return {
    strike(pid, name) {
      victims.add(pid)
      signal(pid, name)
    },
    expectDeathOf(...pids) {
      for (const pid of pids) victims.add(pid)
    },
    expectDeaths() {
      plannedFrom = performance.now()
    },
    victims: () => victims,
    deadPids: () => watch.deaths.filter(({ pid, at }) => !victims.has(pid) && at < plannedFrom).map(({ pid }) => pid),
  }
}
