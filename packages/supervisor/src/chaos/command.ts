import { readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { type ChaosArguments, readArguments, USAGE } from './arguments.ts'
import type { Env } from './cli.ts'
import { withReport } from './document.ts'
import { lookAtMachine, unfitness } from './machine.ts'
import { playPlan } from './plan.ts'
import { type Report, reportOf, writeReport } from './report.ts'
import { ROWS } from './rows.ts'
import { HEADING, resultLines } from './show.ts'

export interface ChaosOptions {
  readonly args: readonly string[]
  readonly env: Env
  /** Ends the plan early; everything that was started is ended, too. */
  readonly signal: AbortSignal
  readonly version: string
  /** Document that `--write-docs` rewrites; undefined: there is none. */
  readonly document?: string
  /** Where the report goes without `--report`; undefined: nowhere. */
  readonly report?: string
  print(line: string): void
  /** Lines about the progress, which are no result. */
  tell(line: string): void
}

const WORKERS = 4

/** The command: resolves to its exit code. Rejects when the signal is aborted. */
export async function runChaos(options: ChaosOptions): Promise<number> {
  const { print, tell } = options
  let args: ChaosArguments
  try {
    args = readArguments(options.args, ROWS)
  } catch (error) {
    tell(`chaos: ${(error as Error).message}`)
    return 2
  }
  if (args.help) print(USAGE)
  else if (args.list) listRows(args, print)
  else return play(args, options)
  return 0
}

function listRows({ rows, json }: ChaosArguments, print: (line: string) => void): void {
  const listed = rows.map(({ number, title, bar, isQuick }) => ({ row: number, title, bar, isQuick }))
  if (json) print(JSON.stringify(listed, null, 2))
  else for (const { row, title, bar } of listed) print(`${row}. ${title}\n   ${bar}`)
}

async function play(args: ChaosArguments, options: ChaosOptions): Promise<number> {
  const { print, tell, env, signal, version } = options
  const unfit = unfitness()
  if (unfit !== undefined) {
    tell(`chaos: not possible here: ${unfit}`)
    return 1
  }
  const show = args.json ? tell : print
  show(HEADING)
  const results = await playPlan({
    ...{ rows: args.rows, machine: lookAtMachine(), env, isQuick: args.isQuick, rate: args.rate, signal },
    begun: ({ number, title }) => tell(`row ${number}: ${title} …`),
    done: (result) => resultLines(result).forEach(show),
  })
  const settings = { rate: args.rate, isQuick: args.isQuick, workers: WORKERS }
  const report = reportOf(results, { version, settings, kernel: release() })
  finish(report, args, options)
  return results.some(({ verdict }) => verdict === 'fail') ? 1 : 0
}

function finish(report: Report, args: ChaosArguments, { print, tell, document, ...options }: ChaosOptions): void {
  const path = args.report ?? options.report
  if (path !== undefined) writeReport(path, report)
  if (args.json) print(JSON.stringify(report, null, 2))
  const rewritten = args.writeDocs ? document : undefined
  if (rewritten !== undefined) writeFileSync(rewritten, withReport(readFileSync(rewritten, 'utf8'), report))
  const { rows } = report
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length
  tell(`${count('pass')} passed, ${count('fail')} failed, ${count('not possible here')} not possible here`)
  const written = [path, rewritten].filter((file) => file !== undefined)
  if (written.length > 0) tell(`report: ${written.join(', ')}`)
}
