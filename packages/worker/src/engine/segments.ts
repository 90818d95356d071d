import type { Step } from './ops.ts'

/**
 * Cuts a list of steps into runs that keep their order on top of sharp, which runs the calls of one pipeline in its
 * own fixed order: a run holds sharp steps with strictly rising slots (strictly, because a second call of one
 * operation replaces the first) or one raw step. Between runs the picture is raw pixels.
 */
export function segments(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = []
  for (const step of steps) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (run && last?.kind === 'sharp' && step.kind === 'sharp' && last.slot < step.slot) run.push(step)
    else runs.push([step])
  }
  return runs
}
