import type { Placement } from './launch.ts'
import type { Machine } from './machine.ts'
import type { Stage } from './stage.ts'

/** What others do in the same case, as measured or read in their source. */
export interface Others {
  readonly supervisord: string
  readonly pm2: string
  readonly nginx: string
}

/** One fault and the bar it is held against. */
export interface Row {
  readonly number: number
  /** What is injected. */
  readonly title: string
  /** What must come of it, beside what holds for every row. */
  readonly bar: string
  readonly others: Others
  /** Belongs in every test run (under 20 s with short windows). */
  readonly isQuick: boolean
  readonly placement?: Placement | ((isQuick: boolean) => Placement)
  /** Why this machine cannot show it; undefined when it can. */
  impossible?(machine: Machine): string | undefined
  /** The fault, from the calm before it to the checks after it. */
  run(stage: Stage): Promise<void>
}
