import { parseArgs } from 'node:util'
import type { Row } from './row.ts'

/** What the command line of the rig asks for. */
export interface ChaosArguments {
  readonly rows: readonly Row[]
  readonly isQuick: boolean
  /** Requests per second. */
  readonly rate: number
  /** Print the report as JSON on stdout, and nothing else there. */
  readonly json: boolean
  /** Where the report is written. */
  readonly report: string | undefined
  /** Rewrite docs/reliability.md from the report. */
  readonly writeDocs: boolean
  readonly list: boolean
  readonly help: boolean
}

/** The usage text. */
export const USAGE = `Usage: pnpm chaos [options]

Breaks a throw-away imgsvc under load, row by row, and says what came of it.

  --rows 1,4      only these rows
  --quick         rows and windows of every test run (some 10 s a row)
  --rate N        requests per second [default: 200, with --quick 100]
  --json          the report as JSON on stdout
  --report FILE   where the report is written [default: ops/chaos/out/latest.json]
  --write-docs    put the results into docs/reliability.md
  --list          the rows and their bars

Exit code: 0 every row passed, 1 a row failed, 2 bad arguments.
`

/** Reads the command line. Throws with a sentence when it is not valid. */
export function readArguments(args: readonly string[], rows: readonly Row[]): ChaosArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rate: { type: 'string' },
      json: { type: 'boolean', default: false },
      report: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  const rate = values.rate === undefined ? (values.quick ? 100 : 200) : Number(values.rate)
  if (!(rate >= 1 && rate <= 2000)) throw new Error(`--rate: expected a number from 1 to 2000, got "${values.rate}"`)
  return {
    rows: chooseRows(values.rows, values.quick, rows),
    isQuick: values.quick,
    rate,
    json: values.json,
    report: values.report,
    writeDocs: values['write-docs'],
    list: values.list,
    help: values.help,
  }
}

function chooseRows(text: string | undefined, isQuick: boolean, rows: readonly Row[]): readonly Row[] {
  if (text === undefined) return rows.filter((row) => row.isQuick || !isQuick)
  return text.split(',').map((part) => {
    const found = rows.find(({ number }) => String(number) === part.trim())
    if (found) return found
    throw new Error(`--rows: there is no row "${part}"; there are ${rows.map(({ number }) => number).join(', ')}`)
  })
}
