import type { Readable } from 'node:stream'
import type { Output } from './output.ts'
import type { Terminal } from './terminal.ts'

/** Everything a command may use of the process it runs in; made in bin.ts. */
export interface Cli {
  readonly out: Output
  readonly stdin: Readable
  /** Undefined when stdout is none. */
  readonly terminal?: Terminal | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Working directory, absolute. */
  readonly cwd: string
  /** Home directory of the user, absolute. */
  readonly home: string
  /** Numeric user id; undefined where the system has none. */
  readonly uid: number | undefined
  /** Version of imgsvc. */
  readonly version: string
  /** The file that was started, for `up --detach` and upgrades. */
  readonly program: string
}
