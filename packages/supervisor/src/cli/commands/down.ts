import { setTimeout as pause } from 'node:timers/promises'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isSameProcess, kernelStartTime } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { seconds } from '../format.ts'
import { chosenPaths } from '../state-dir.ts'
import { secondsAsMs } from './numbers.ts'
import { withStateDir } from './selection.ts'

const POLL_MS = 50
/** The configured stop timeout is the supervisor's to keep; this is when waiting for it stops making sense. */
const PATIENCE_MS = 600_000

/** `imgsvc down`: stops everything and returns once the supervisor process is gone. */
export const down = defineCommand({
  command: 'down',
  describe: 'Stop everything gracefully and wait until it is gone',
  build: (yargs) =>
    withStateDir(yargs)
      .option('timeout', {
        type: 'string',
        requiresArg: true,
        describe: 'Seconds that requests under way get to finish [default: workers.stopTimeout]',
        coerce: secondsAsMs('--timeout'),
      })
      .example('$0 down', 'stop; requests under way finish first')
      .example('$0 down --timeout 2', 'give them two seconds'),
  run: async (args, cli) => {
    const paths = chosenPaths(args.stateDir, cli)
    const client = createControlClient(paths.supervisorSocket)
    const { pid } = await client.call('supervisor.info', {}).catch(async (error: unknown) => {
      for (const line of await leftBehind(error, paths)) cli.out.error(line)
      throw error
    })
    const supervisor = { pid, startTime: kernelStartTime(pid) }
    const startedAt = performance.now()
    await client.call('supervisor.shutdown', args.timeout === undefined ? {} : { timeoutMs: args.timeout })
    // Balancers and workers stop one after the other, hence twice; and a moment to clean up.
    const patience = args.timeout === undefined ? PATIENCE_MS : 2 * args.timeout + 10_000
    while (isSameProcess(supervisor)) {
      if (performance.now() - startedAt > patience) {
        throw new ImgsvcError('DEADLINE', `the supervisor (pid ${pid}) is still running after ${seconds(patience)}`)
      }
      await pause(POLL_MS)
    }
    cli.out.line(`stopped  ${seconds(Math.max(100, performance.now() - startedAt))}`)
    return EXIT.ok
  },
})

/** What goes on serving although nobody is there to be told, and how it is stopped. */
async function leftBehind(error: unknown, paths: StatePaths): Promise<readonly string[]> {
  if (!(error instanceof ImgsvcError) || error.code !== 'NOT_RUNNING') return []
  const [{ offlineRows }, { supervisorState }] = await Promise.all([
    import('../offline-status.ts'),
    import('../supervisor-state.ts'),
  ])
  const alive = (await offlineRows(paths, [])).filter((row) => row.alive).map((row) => row.id)
  if (alive.length === 0) return []
  return [
    `${supervisorState(paths)}, and ${alive.join(', ')} go on serving`,
    '`imgsvc up` adopts them, and `imgsvc down` stops them then; `imgsvc doctor` says more',
  ]
}
