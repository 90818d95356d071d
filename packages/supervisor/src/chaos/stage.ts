import type { ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Checks, createChecks } from './checks.ts'
import { type Course, createCourse, type Windows } from './course.ts'
import type { Instance } from './instance.ts'
import type { Load } from './load.ts'
import type { Machine } from './machine.ts'
import type { Mix } from './mix.ts'
import { createToll, type Toll } from './toll.ts'
import { type Look, until } from './until.ts'
import type { Sample, Watch } from './watch.ts'

export interface StageParts {
  readonly instance: Instance
  readonly mix: Mix
  readonly load: Load
  readonly watch: Watch
  readonly machine: Machine
  readonly isQuick: boolean
  readonly signal: AbortSignal
}

/** What a row works with: an instance under load, and the means to break it and to say what was seen. */
export interface Stage extends StageParts, Course, Toll, Checks {
  /** From the fault until all workers were ready again, without a victim among them; ms. */
  recoverMs(): number | null
  /** From the fault until a sample fulfils a condition, ms; null when none does. */
  msUntil(fulfils: (sample: Sample) => boolean): number | null
  find(id: string): Promise<ProcessInfo>
  pidOf(id: string): Promise<number>
  /** Looks until there is something to see; undefined when there was nothing `withinMs`. */
  until<T>(look: Look<T>, withinMs: number): Promise<T | undefined>
}

/** Sets the stage; the calm before the fault begins. */
export function createStage(parts: StageParts, windows: Windows): Stage {
  const { instance, watch, signal } = parts
  const course = createCourse({ ...parts, windows })
  const toll = createToll(watch)

  const msUntil = (fulfils: (sample: Sample) => boolean) => {
    const from = course.faultAt()
    const found = watch.samples.find((sample) => sample.at >= from && fulfils(sample))
    return found ? Math.round(found.at - from) : null
  }
  const isWithoutVictims = ({ processes }: Sample) =>
    processes?.every(({ pid }) => pid === null || !toll.victims().has(pid)) ?? false
  const find = async (id: string) => {
    const found = (await instance.list()).find((one) => one.id === id)
    if (!found) throw new ImgsvcError('PROCESS_UNKNOWN', id)
    return found
  }

  return {
    ...parts,
    ...course,
    ...toll,
    ...createChecks(),
    msUntil,
    recoverMs: () => msUntil((sample) => sample.ready >= instance.workers && isWithoutVictims(sample)),
    find,
    async pidOf(id) {
      const { pid, state } = await find(id)
      if (pid === null) throw new ImgsvcError('PROCESS_FAILED', `${id} is ${state} and has no pid`)
      return pid
    },
    until: (look, withinMs) => until(look, { withinMs, signal }),
  }
}
