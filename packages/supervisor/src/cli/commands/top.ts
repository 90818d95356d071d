import { setTimeout as pause } from 'node:timers/promises'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { headerLines, TOP_HEADING, topCells } from '../top/frame.ts'
import { showLive } from '../top/live.ts'
import type { Sample } from '../top/sample.ts'
import { summarise } from '../top/summary.ts'
import { withJson, withStateDir } from './selection.ts'

const EVERY_MS = 1000
/** Ten seconds of samples. */
const WINDOW = 11

/** `imgsvc top`: load by process, once a second; without a terminal one snapshot. */
export const top = defineCommand({
  command: 'top',
  describe: 'Watch the load of every process: cpu, memory, requests, p99, queue, hits',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .option('once', { type: 'boolean', default: false, describe: 'Print one snapshot, taken over a second' })
      .example('$0 top', 'q quits, s or 1 … 5 sorts')
      .example('$0 top --once', 'for a script; so is --json, and any output that is no terminal'),
  run: async ({ stateDir, once, json }, cli) => {
    const client = createControlClient(chosenPaths(stateDir, cli).supervisorSocket)
    const sample = async (): Promise<Sample> => {
      const [info, processes, stats] = await Promise.all([
        client.call('supervisor.info', {}),
        client.call('process.list', {}),
        client.call('process.stats', {}),
      ])
      return { info, processes, stats }
    }
    // Asked before anything is drawn: an imgsvc that does not run is a line and an exit code, not a screen.
    const first = await sample()
    const { out, terminal } = cli
    if (terminal && !once && !json) {
      await showLive({ terminal, sample, first, everyMs: EVERY_MS, window: WINDOW })
      return EXIT.ok
    }
    await pause(EVERY_MS)
    const summary = summarise([first, await sample()], Date.now())
    if (json) out.json(summary)
    else {
      for (const line of headerLines(summary)) out.line(line)
      out.table(TOP_HEADING, summary.processes.map(topCells))
    }
    return EXIT.ok
  },
})
