import type { Report } from './report.ts'
import type { RowResult } from './result.ts'

const BEGIN = '<!-- chaos: begin (written by `pnpm chaos --write-docs`; do not edit) -->'
const END = '<!-- chaos: end -->'

/** docs/reliability.md with the tables of this report; what stands outside its marks is kept. */
export function withReport(document: string, report: Report): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)]
  const part = `${BEGIN}\n\n${sections(report)}\n${END}`
  if (from < 0 || to < from) return `${document.trimEnd()}\n\n${part}\n`
  return `${document.slice(0, from)}${part}${document.slice(to + END.length)}`
}

function sections(report: Report): string {
  const { machine, settings, rows, version, at } = report
  const passed = rows.filter(({ verdict }) => verdict === 'pass').length
  const seconds = Math.round(rows.reduce((sum, row) => sum + row.seconds, 0) / 60)
  return `## Results

imgsvc ${version}, ${at.slice(0, 10)}: **${passed} of ${rows.length} rows passed** in ${seconds} minutes.
Machine: ${machine.cores} cores (${machine.cpu}), Node ${machine.node}, Linux ${machine.kernel}; the load comes from the
same machine. ${settings.workers} workers, ${settings.rate} requests/s open loop${settings.isQuick ? ', short windows' : ''}.

${resultTable(rows)}

${failures(rows)}## The bar, and what others do

${comparison(rows)}
`
}

function resultTable(rows: readonly RowResult[]): string {
  const lines = rows.map((row) => {
    const [lost, p99] =
      row.sent === 0 ? ['–', '–'] : [`${row.lost} of ${row.sent}`, `${row.p99_before} → ${row.p99_during}`]
    const ready = row.recover_ms === null ? '–' : String(row.recover_ms)
    return [row.row, row.title, lost, p99, ready, row.dead_pids.length, row.log_lost, row.verdict]
  })
  const head = [
    '#',
    'inject',
    'lost',
    'p99 ms before → during',
    'ready again ms',
    'other deaths',
    'unlogged',
    'verdict',
  ]
  return markdown(head, lines)
}

function failures(rows: readonly RowResult[]): string {
  const lines = rows.flatMap(({ row, verdict, note, checks }) => {
    if (verdict === 'pass') return []
    const missed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name} (${oneLine(detail)})`)
    return [`- row ${row}, ${verdict}: ${[...(note === null ? [] : [oneLine(note)]), ...missed].join('; ')}`]
  })
  return lines.length === 0 ? '' : `### Not passed\n\n${lines.join('\n')}\n\n`
}

function comparison(rows: readonly RowResult[]): string {
  const lines = rows.map(({ row, bar, others }) => [row, bar, others.supervisord, others.pm2, others.nginx])
  return markdown(['#', 'imgsvc must', 'supervisord', 'pm2', 'nginx'], lines)
}

function markdown(head: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  const row = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [row(head), `|${head.map(() => '---|').join('')}`, ...lines.map(row)].join('\n')
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 300)
