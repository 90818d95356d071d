import type { Writable } from 'node:stream'

/** Where a command prints; the only part of the CLI that writes to the terminal. */
export interface Output {
  /** One line on stdout. */
  line(text: string): void
  /** A value as JSON on stdout, indented for people. */
  json(value: unknown): void
  /** Rows below a heading, columns aligned. */
  table(heading: readonly string[], rows: readonly (readonly Cell[])[]): void
  /** One line on stderr. */
  error(text: string): void
  /** Fires when nobody reads stdout any more, as after `| head -1`. */
  readonly closed: AbortSignal
  /** Resolves once there is room for more: at once, unless a slow reader of stdout has fallen behind. */
  room(): Promise<void>
  /** Resolves once everything printed has left the process; to the error when stdout failed otherwise than by a reader that left. */
  flush(): Promise<Error | undefined>
}

/** A cell of a table: text, or text with a colour that says how it stands. */
export type Cell = string | { readonly text: string; readonly tone: Tone }
export type Tone = 'good' | 'warn' | 'bad' | 'faint'

const COLOURS: Readonly<Record<Tone | 'heading', string>> = {
  good: '\u001b[32m',
  warn: '\u001b[33m',
  bad: '\u001b[31m',
  faint: '\u001b[2m',
  heading: '\u001b[1m',
}
const RESET = '\u001b[0m'

export interface OutputStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Prints to these streams; colours only on a terminal without NO_COLOR (no-color.org). A closed pipe is quiet. */
export function createOutput({ stdout, stderr, env }: OutputStreams): Output {
  const closed = new AbortController()
  const colours = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  let failure: Error | undefined
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    closed.abort()
  })
  // There is nowhere left to tell it.
  stderr.on('error', () => {})
  const print = (text: string) => {
    if (!closed.signal.aborted) stdout.write(`${text}\n`)
  }
  return {
    line: print,
    json: (value) => print(JSON.stringify(value, null, 2)),
    table: (heading, rows) => {
      for (const line of tableLines(heading, rows, colours)) print(line)
    },
    error: (text) => {
      stderr.write(`${text}\n`)
    },
    closed: closed.signal,
    room: async () => {
      if (stdout.writableNeedDrain && !closed.signal.aborted) await drain(stdout)
    },
    flush: async () => {
      await Promise.all([drain(stdout), drain(stderr)])
      return failure
    },
  }
}

/** The lines of a table, two spaces between columns; empty columns stay, trailing blanks do not. */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  colours: boolean,
): readonly string[] {
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => textOf(row[column]).length)))
  const paint = (text: string, colour: string) => (colours && colour && text.trim() ? `${colour}${text}${RESET}` : text)
  const layOut = (cells: readonly (Cell | undefined)[], colour: string) =>
    widths
      .map((width, column) => {
        const cell = cells[column]
        const last = column === widths.length - 1
        const text = last ? textOf(cell) : textOf(cell).padEnd(width)
        return paint(text, typeof cell === 'object' ? COLOURS[cell.tone] : colour)
      })
      .join('  ')
      .trimEnd()
  return [layOut(heading, COLOURS.heading), ...rows.map((row) => layOut(row, ''))]
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '')
}

function drain(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded || stream.errored) resolve()
    else stream.write('', () => resolve())
  })
}
