import type { ProcessInfo, SupervisorInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { errorLines } from '../error-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { megabytes } from '../format.ts'
import type { Output } from '../output.ts'
import { STATUS_HEADING, statusRow } from '../process-table.ts'
import { chosenPaths } from '../state-dir.ts'
import { withJson, withSelection, withStateDir } from './selection.ts'

// Together with the run files the whole command stays below 2 s.
const TIMING = { answerMs: 900, watchMs: 5000 }
/** A healthy supervisor has answered by then, ms. */
const USUAL_MS = 200

/** `imgsvc status`: the table of processes; exit code 3 when one of them is not RUNNING. */
export const status = defineCommand({
  command: 'status [select..]',
  describe: 'Show the processes: state, pid, port, load, last exit',
  build: (yargs) =>
    withJson(withStateDir(withSelection(yargs, false)))
      .example('$0 status', 'every process')
      .example('$0 status worker:2', 'one worker')
      .epilogue(
        'Exit code: 0 all RUNNING, 3 something is not (BACKOFF counts), 4 imgsvc does not answer: then the rows are ' +
          'those of the run files, checked against the processes that live.',
      ),
  run: async (args, cli) => {
    const { out } = cli
    const paths = chosenPaths(args.stateDir, cli)
    const client = createControlClient(paths.supervisorSocket, TIMING)
    // What the run files are read with is loaded while there is still hope.
    const ahead = setTimeout(() => void loadOffline(), USUAL_MS)
    try {
      const processes = await client.call('process.list', args.select.length > 0 ? { select: args.select } : {})
      if (args.json) out.json(processes)
      else print(processes, out)
      if (!args.json && args.select.length === 0) {
        // It may have ended since the table was asked for; that is no news about the processes.
        const info = await client.call('supervisor.info', {}).catch(() => undefined)
        printSpare(info?.spare, out)
      }
      return processes.every(({ state }) => state === 'RUNNING') ? EXIT.ok : EXIT.notRunning
    } catch (error) {
      if (!(error instanceof ImgsvcError) || error.code !== 'NOT_RUNNING') throw error
      for (const line of errorLines(error)) out.error(line)
      await printOffline(paths, args.select, args.json, out)
      return EXIT.notReachable
    } finally {
      clearTimeout(ahead)
    }
  },
})

/** The spare worker is no process of its own yet: it has no row, and does not count. */
function printSpare(spare: SupervisorInfo['spare'], out: Output): void {
  if (typeof spare?.pid !== 'number') return
  const size = spare.rss === null ? '' : `, ${megabytes(spare.rss)}`
  out.line(`spare worker: pid ${spare.pid} ${spare.state}${size}`)
}

function print(processes: readonly ProcessInfo[], out: Output): void {
  const now = Date.now()
  out.table(
    STATUS_HEADING,
    processes.map((process) => statusRow(process, now)),
  )
  for (const { id, state, reason } of processes) {
    if (reason !== null) out.line(`${id} ${state}: ${reason}`)
  }
}

/** What the run files say, when the supervisor hangs or is dead. */
async function printOffline(paths: StatePaths, select: readonly string[], asJson: boolean, out: Output): Promise<void> {
  const [{ offlineRows }, { supervisorState }] = await loadOffline()
  const rows = await offlineRows(paths, select)
  if (asJson) out.json(rows)
  else if (rows.length > 0) {
    out.error(`${supervisorState(paths)}; these rows come from the run files`)
    print(rows, out)
  }
}

/** With zod, which the ordinary way has no use for. */
function loadOffline() {
  return Promise.all([import('../offline-status.ts'), import('../supervisor-state.ts')])
}
