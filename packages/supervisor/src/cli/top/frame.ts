import { elapsed, megabytes } from '../format.ts'
import { SORTS, type Sort, type Summary, sorted, type TopRow } from './summary.ts'

export interface FrameOptions {
  readonly columns: number
  readonly rows: number
  readonly sort: Sort
  readonly colours: boolean
  /** Why there is nothing newer; undefined while all is well. */
  readonly trouble?: string | undefined
}

interface Column {
  readonly title: string
  readonly width: number
  readonly sort?: Sort
  readonly text: (row: TopRow) => string
}

// 79 characters with a blank between each: a terminal of 80 columns has room for all.
const COLUMNS: readonly Column[] = [
  { title: 'PROCESS', width: 11, sort: 'id', text: ({ id }) => id },
  { title: 'STATE', width: 9, text: ({ state }) => state },
  { title: 'CPU %', width: 6, sort: 'cpu', text: ({ cpu }) => decimal(cpu) },
  { title: 'RSS', width: 7, sort: 'rss', text: ({ rss }) => (rss === null ? '-' : megabytes(rss)) },
  { title: 'REQ/S', width: 7, sort: 'rps', text: ({ rps }) => decimal(rps) },
  { title: 'P99', width: 7, sort: 'p99', text: ({ p99 }) => milliseconds(p99) },
  { title: 'QUEUE', width: 5, text: ({ queue }) => whole(queue) },
  { title: 'IN FL', width: 5, text: ({ inFlight }) => whole(inFlight) },
  { title: 'RESTART', width: 7, text: ({ restarts }) => String(restarts) },
  { title: 'HIT %', width: 5, text: ({ hits }) => whole(hits) },
]
const LEFT = 2

/** Headings of the table. */
export const TOP_HEADING: readonly string[] = COLUMNS.map(({ title }) => title)

/** One row of the table, as text. */
export function topCells(row: TopRow): readonly string[] {
  return COLUMNS.map(({ text }) => text(row))
}

/** The totals, in three lines. */
export function headerLines({ version, uptimeMs, listen, totals, processes }: Summary): readonly string[] {
  const running = (role: string) => {
    const all = processes.filter(({ id }) => id.startsWith(role))
    return `${all.filter(({ state }) => /^(RUNNING|draining|surge)$/.test(state)).length}/${all.length} ${role}s`
  }
  const { rps, p99, inFlight, queue, hits, cpu, rss, restarts } = totals
  return [
    `imgsvc ${version}  ${listen}  up ${elapsed(uptimeMs)}  ${running('worker')}  ${running('balancer')}`,
    [
      `${decimal(rps)} req/s  p99 ${milliseconds(p99)}  in flight ${whole(inFlight)}  queue ${whole(queue)}`,
      `hits ${whole(hits)}${hits === null ? '' : ' %'}`,
    ].join('  '),
    `cpu ${whole(cpu)} %  rss ${rss === null ? '-' : megabytes(rss)}  restarts ${restarts}`,
  ]
}

/** The whole screen: never more than its rows, no line longer than its columns. */
export function frame(summary: Summary, options: FrameOptions): readonly string[] {
  const { columns, rows, sort, colours, trouble } = options
  const paint = (text: string, code: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
  const fit = (text: string) => text.slice(0, columns)
  const head = headerLines(summary).map(fit)
  const table = sorted(summary.processes, sort)
  const room = Math.max(0, rows - head.length - 3)
  const shown = table.slice(0, table.length > room ? Math.max(0, room - 1) : room)
  const keys = `q quit   s sort (${sort})   ${SORTS.map((name, index) => `${index + 1} ${name}`).join('  ')}`
  const lines = [
    ...head,
    trouble === undefined ? '' : paint(fit(trouble), '31'),
    paint(fit(heading(sort)), '7'),
    ...shown.map((row) => paint(fit(line(topCells(row))), colourOf(row))),
    ...(shown.length < table.length ? [fit(`… ${table.length - shown.length} more`)] : []),
    paint(fit(keys), '2'),
  ]
  return lines.slice(0, rows)
}

function heading(sort: Sort): string {
  return line(COLUMNS.map((column) => (column.sort === sort ? `${column.title}*` : column.title)))
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const width = COLUMNS[index]?.width ?? 0
      return index < LEFT ? cell.slice(0, width).padEnd(width) : cell.slice(0, width).padStart(width)
    })
    .join(' ')
}

function colourOf({ state }: TopRow): string {
  if (state === 'RUNNING') return '0'
  return /^(STARTING|STOPPING|draining|surge)$/.test(state) ? '33' : state === 'STOPPED' ? '2' : '31'
}

function decimal(value: number | null): string {
  if (value === null) return '-'
  return value >= 1000 ? String(Math.round(value)) : value.toFixed(1)
}

function whole(value: number | null): string {
  return value === null ? '-' : String(Math.round(value))
}

/** `8.3 ms`, `123 ms`, `1.2 s`, `>60 s`. */
export function milliseconds(value: number | null): string {
  if (value === null) return '-'
  if (value === Number.POSITIVE_INFINITY) return '>60 s'
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`
}
