import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import type { RowResult } from './result.ts'

/** One run of the plan. */
export interface Report {
  readonly version: string
  /** ISO 8601. */
  readonly at: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly kernel: string }
  readonly settings: { readonly rate: number; readonly isQuick: boolean; readonly workers: number }
  readonly rows: readonly RowResult[]
}

/** The report of these results on this machine. */
export function reportOf(
  rows: readonly RowResult[],
  about: Pick<Report, 'version' | 'settings'> & { readonly kernel: string },
): Report {
  const { version, settings, kernel } = about
  return {
    version,
    at: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version, kernel },
    settings,
    rows,
  }
}

/** Writes the report; makes the directory when it is missing. */
export function writeReport(path: string, report: Report): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
}
