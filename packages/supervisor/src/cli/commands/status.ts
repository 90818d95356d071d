import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { STATUS_HEADING, statusRow } from '../process-table.ts'
import { chosenPaths } from '../state-dir.ts'
import { withJson, withSelection, withStateDir } from './selection.ts'

/** `imgsvc status`: the table of processes; exit code 3 when one of them is not RUNNING. */
export const status = defineCommand({
  command: 'status [select..]',
  describe: 'Show the processes: state, pid, port, load, last exit',
  build: (yargs) =>
    withJson(withStateDir(withSelection(yargs, false)))
      .example('$0 status', 'every process')
      .example('$0 status worker:2', 'one worker')
      .epilogue('Exit code: 0 all RUNNING, 3 something is not (BACKOFF counts), 4 imgsvc does not answer.'),
  run: async (args, cli) => {
    const { out } = cli
    const client = createControlClient(chosenPaths(args.stateDir, cli).supervisorSocket)
    const processes = await client.call('process.list', args.select.length > 0 ? { select: args.select } : {})
    if (args.json) out.json(processes)
    else {
      const now = Date.now()
      out.table(
        STATUS_HEADING,
        processes.map((process) => statusRow(process, now)),
      )
      for (const { id, state, reason } of processes) {
        if (reason !== null) out.line(`${id} ${state}: ${reason}`)
      }
    }
    return processes.every(({ state }) => state === 'RUNNING') ? EXIT.ok : EXIT.notRunning
  },
})
