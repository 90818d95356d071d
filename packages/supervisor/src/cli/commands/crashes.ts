import type { StoredCrash } from '../../crashes/store.ts'
import { defineCommand } from '../command.ts'
import { CRASH_HEADING, crashLines, crashRow } from '../crash-report.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'
import { type Typed, wholeNumber } from './numbers.ts'
import { withJson, withStateDir } from './selection.ts'

const DEFAULT_COUNT = 20
const MOST = 1000

/** `imgsvc crashes`: the records of crashes, newest first, or the whole of one. Needs no running instance. */
export const crashes = defineCommand({
  command: 'crashes [id]',
  describe: 'Show crashes: why, last lines, requests in hand, memory',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .positional('id', { type: 'string', describe: 'One record, or the beginning of its name; `last` is the newest' })
      .option('number', {
        alias: 'n',
        type: 'string',
        requiresArg: true,
        describe: `Newest records to list [default: ${DEFAULT_COUNT}]`,
        coerce: (typed: Typed) => (typed === undefined ? undefined : wholeNumber('number', 1, MOST)(typed)),
      })
      .example('$0 crashes', 'the newest')
      .example('$0 crashes last', 'all that is known about the last one')
      .epilogue('Exit code: 0, or 1 when there is no record of that name.'),
  run: async ({ stateDir, id, number: most = DEFAULT_COUNT, json }, cli) => {
    const { out } = cli
    const { readCrashes } = await import('../../crashes/store.ts')
    const { crashes: dir } = chosenPaths(stateDir, cli)
    const all = await readCrashes(dir)
    if (id === undefined) {
      const shown = all.slice(0, most)
      if (json) out.json(shown)
      else if (shown.length === 0) out.line(`no crashes in ${dir}`)
      else out.table(CRASH_HEADING, shown.map(crashRow))
      return EXIT.ok
    }
    const found = find(all, id)
    if (typeof found === 'string') {
      out.error(`imgsvc: ${found} in ${dir}`)
      return EXIT.generic
    }
    if (json) out.json(found)
    else for (const line of crashLines(found)) out.line(line)
    return EXIT.ok
  },
})

/** The record of that name, or why there is not one. */
function find(all: readonly StoredCrash[], id: string): StoredCrash | string {
  const [found, other] = id === 'last' ? all.slice(0, 1) : all.filter((crash) => crash.id.startsWith(id))
  if (!found) return id === 'last' ? 'there are no crashes' : `there is no crash ${id}`
  return other ? `several crashes begin with ${id}` : found
}
