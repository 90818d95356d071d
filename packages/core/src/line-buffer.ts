/** Joined lines on their way to a file; `offset` is how far they got. */
export interface Batch {
  readonly bytes: Buffer
  offset: number
}

export interface LineBuffer {
  /** False: there is no room for the line, it is lost and counted. */
  push(line: string): boolean
  /** The batch to write next or to go on with; undefined when there is nothing. */
  batch(): Batch | undefined
  /** The batch is written: its room is free again. */
  written(): void
  /** The rest of the batch goes to another file: begin with the line that was cut, as its other half stays behind. */
  rewind(): void
  isEmpty(): boolean
  dropped(): number
}

const BATCH_BYTES = 256 * 1024

/** Lines waiting to be written, at most `maxBytes` of them; whole lines are kept or dropped. */
export function createLineBuffer(maxBytes: number): LineBuffer {
  let lines: string[] = []
  let buffered = 0
  let dropped = 0
  let current: Batch | undefined

  function takeBatch(): Batch | undefined {
    if (lines.length === 0) return undefined
    let size = 0
    let count = 0
    while (count < lines.length && size < BATCH_BYTES) size += (lines[count++] as string).length
    const bytes = Buffer.from(lines.slice(0, count).join(''))
    lines = lines.slice(count)
    return { bytes, offset: 0 }
  }

  return {
    push(line) {
      const size = Buffer.byteLength(line)
      if (buffered + size > maxBytes) {
        dropped++
        return false
      }
      lines.push(line)
      buffered += size
      return true
    },
    batch() {
      current ??= takeBatch()
      return current
    },
    written() {
      buffered -= current?.bytes.length ?? 0
      current = undefined
    },
    rewind() {
      if (current && current.offset > 0) current.offset = current.bytes.lastIndexOf(0x0a, current.offset - 1) + 1
    },
    isEmpty: () => lines.length === 0 && current === undefined,
    dropped: () => dropped,
  }
}
