/** Cuts bytes into lines; what has no newline yet waits. */
export interface LineSplitter {
  /** The lines that this chunk completes, without their newlines. */
  push(chunk: Buffer): string[]
  /** What waits, as a line; undefined when nothing does. */
  rest(): string | undefined
}

const NEWLINE = 0x0a
/** A line longer than this is handed out in pieces, so that a file without newlines cannot fill the memory. */
const MAX_LINE = 1024 * 1024

export function createLineSplitter(): LineSplitter {
  // Bytes, not text: a chunk may end within a character.
  let waiting: Buffer = Buffer.alloc(0)

  return {
    push(chunk) {
      const lines: string[] = []
      let begin = 0
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
        const line = chunk.subarray(begin, end)
        lines.push((waiting.length === 0 ? line : Buffer.concat([waiting, line])).toString('utf8'))
        waiting = Buffer.alloc(0)
        begin = end + 1
      }
      waiting = Buffer.concat([waiting, chunk.subarray(begin)])
      if (waiting.length > MAX_LINE) lines.push(takeRest())
      return lines
    },
    rest: () => (waiting.length === 0 ? undefined : takeRest()),
  }

  function takeRest(): string {
    const text = waiting.toString('utf8')
    waiting = Buffer.alloc(0)
    return text
  }
}
