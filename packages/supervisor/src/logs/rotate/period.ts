/** Did a period of `every` ms end between two moments (epoch ms)? Periods begin at local midnight. 0 is never. Pure. */
export function isNewPeriod(since: number, now: number, every: number): boolean {
  return every > 0 && periodOf(since, every) < periodOf(now, every)
}

function periodOf(time: number, every: number): number {
  const offset = new Date(time).getTimezoneOffset() * 60_000
  return Math.floor((time - offset) / every)
}
