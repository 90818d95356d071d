import type { Finder } from '../detection/finder.ts'
import { detect, UNDETECTED } from './detect.ts'
import type { Inputs } from './gather.ts'
import type { Job } from './job.ts'
import type { Limiter } from './limiter.ts'
import { type Measured, measure, needsMeasuring, UNMEASURED } from './measure.ts'
import { negotiateFormat } from './negotiate.ts'
import { type Plan, plan } from './plan.ts'
import type { Stages } from './stages.ts'

/** Runs when a render slot is free. */
export type InLine = <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T>

export interface PlanningParts {
  readonly signal: AbortSignal
  readonly stages: Stages
  readonly inLine: InLine
  /** Absent: nothing is looked for. */
  readonly finder: Finder | undefined
}

/** A plan, and whether another try may make a better one. */
export interface Planned {
  readonly todo: Plan
  readonly isTemporary: boolean
}

/** Waits for a slot of the limiter; the time it took counts as the stage `queue`. */
export function inLineOf(limiter: Limiter, stages: Stages): InLine {
  return (until, run) => {
    const queued = performance.now()
    return limiter.run(until, () => {
      stages.add('queue', performance.now() - queued)
      return run()
    })
  }
}

/** The plan of a job whose inputs have been gathered. Throws what `measure`, `plan` and the signal throw. */
export async function planned(job: Job, inputs: Inputs, parts: PlanningParts): Promise<Planned> {
  const { measured, isTemporary } = await look(job, inputs, parts)
  const { info, refs, filters, negotiation } = inputs
  const todo = plan({
    request: job.request,
    filters,
    source: info,
    formatOf: (outcome) => negotiateFormat(negotiation, outcome),
    images: job.images,
    refs: new Map([...refs].map(([ref, opened]) => [ref, opened.info])),
    measured,
  })
  return { todo, isTemporary }
}

/** What has to be known of the pixels before anything can be planned. */
async function look(
  job: Job,
  { original, info, refs, filters }: Inputs,
  { signal, stages, inLine, finder }: PlanningParts,
): Promise<{ readonly measured: Measured; readonly isTemporary: boolean }> {
  const source = { original, info }
  const measured = needsMeasuring({ ...job, filters })
    ? await inLine(signal, () => stages.time('decode', () => measure({ ...job, filters, source, refs })))
    : UNMEASURED
  const searched = finder && (job.request.smart || filters.eyes)
  const { focalPoints, eyes, failed } = searched
    ? await stages.time('detect', () =>
        detect({ ...job, filters, source, trimBox: measured.trimBox }, finder, { signal, inLine }),
      )
    : UNDETECTED
  return { measured: { ...measured, focalPoints, eyes }, isTemporary: failed }
}
