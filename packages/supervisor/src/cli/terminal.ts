import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** A terminal that a command may fill with a picture of its own. */
export interface Terminal {
  readonly colours: boolean
  size(): { readonly columns: number; readonly rows: number }
  /** Takes the whole screen, keys included, until `close`; whatever ends the process gives it back as it was. */
  fullScreen(hear: ScreenEvents): Screen
}

export interface ScreenEvents {
  /** What was typed, as the terminal sends it: `q`, `\u0003` for Ctrl-C. */
  key(text: string): void
  resized(): void
  /** SIGINT, SIGTERM or SIGHUP: it is time to go. */
  end(): void
}

export interface Screen {
  /** Replaces what is shown, in one piece. */
  draw(lines: readonly string[]): void
  close(): void
}

export interface TerminalParts {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown }
  readonly stdout: NodeJS.WriteStream
  readonly process: NodeJS.EventEmitter
  readonly env: Readonly<Record<string, string | undefined>>
}

// Alternate screen and hidden cursor; both are in every terminal since the VT320 and pass through ssh, tmux and screen.
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
// Synchronised output: terminals that know it show a frame at once, the others ignore it.
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l']
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The terminal of this process; undefined when stdout is none, or a dumb one. */
export function createTerminal({ stdin, stdout, process, env }: TerminalParts): Terminal | undefined {
  if (stdout.isTTY !== true || env.TERM === 'dumb') return undefined
  return {
    colours: !env.NO_COLOR,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    fullScreen(hear) {
      let isOpen = true
      const key = (chunk: Buffer) => hear.key(chunk.toString('utf8'))
      // Synchronously: at the end of a process nothing else still arrives.
      const restore = () => {
        if (!isOpen) return
        isOpen = false
        if (stdin.isTTY) stdin.setRawMode?.(false)
        writeAll(LEAVE)
      }
      // The monitor runs before the error is printed, which therefore is not lost with the alternate screen.
      for (const event of ['exit', 'uncaughtExceptionMonitor']) process.on(event, restore)
      for (const signal of SIGNALS) process.on(signal, hear.end)
      stdout.on('resize', hear.resized)
      if (stdin.isTTY) {
        stdin.setRawMode?.(true)
        stdin.on('data', key)
      }
      stdout.write(ENTER)
      return {
        draw(lines) {
          // Each line overwrites the one before and clears its rest: nothing is blank in between, so nothing flickers.
          const picture = lines.map((line) => `${line}\u001b[K`).join('\r\n')
          if (isOpen) stdout.write(`${BEGIN}\u001b[H${picture}\u001b[J${END}`)
        },
        close() {
          restore()
          for (const event of ['exit', 'uncaughtExceptionMonitor']) process.off(event, restore)
          for (const signal of SIGNALS) process.off(signal, hear.end)
          stdout.off('resize', hear.resized)
          stdin.off('data', key)
          stdin.pause()
        },
      }
    },
  }
}

function writeAll(text: string): void {
  try {
    writeSync(1, text)
  } catch {
    // The terminal has gone (SIGHUP): there is nothing to give back.
  }
}
