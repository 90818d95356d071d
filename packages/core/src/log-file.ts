import type { Stats } from 'node:fs'
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** An append-only file of whole lines that never blocks, kills or silences the process that writes it. */
export interface LogFile {
  /** Takes one line with its newline; returns at once. */
  write(line: string): void
  /** Opens the path anew before the next line, after the file was renamed. */
  reopen(): void
  /** Lines lost so far because the disk failed for longer than the buffer lasts. */
  dropped(): number
  /** Resolves when everything is written or `timeoutMs` is over; never rejects. */
  flush(timeoutMs: number): Promise<void>
  /** Flushes and closes; never rejects. */
  close(timeoutMs: number): Promise<void>
}

export interface LogFileOptions {
  readonly path: string
  /** Bytes kept while the disk fails; default 8 MB. Lines beyond are dropped and counted. */
  readonly maxBuffered?: number
  /** Pause before a failed disk is tried again, ms; default 500. */
  readonly retryMs?: number
}

const BATCH_BYTES = 256 * 1024
const CHECK_MS = 1000
const MODE = 0o640

/** Joined lines on their way to the disk; `offset` is how far they got. */
interface Batch {
  readonly bytes: Buffer
  offset: number
}

interface OpenFile {
  readonly handle: FileHandle
  readonly dev: number
  readonly ino: number
}

/**
 * Creates the file (and its directory) as soon as it can. While opening or writing fails, lines wait in a bounded
 * buffer and the disk is tried again. Notices within a second of writing that its file was moved or deleted.
 */
export function createLogFile(options: LogFileOptions): LogFile {
  const { path, maxBuffered = 8 * 1024 * 1024, retryMs = 500 } = options
  let lines: string[] = []
  let buffered = 0
  let dropped = 0
  let batch: Batch | undefined
  let file: OpenFile | undefined
  let wantsReopen = false
  let checkedAt = 0
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let pumping: Promise<void> | undefined
  let waiters: (() => void)[] = []

  function takeBatch(): Batch | undefined {
    if (lines.length === 0) return undefined
    let size = 0
    let count = 0
    while (count < lines.length && size < BATCH_BYTES) size += (lines[count++] as string).length
    const bytes = Buffer.from(lines.slice(0, count).join(''))
    lines = lines.slice(count)
    return { bytes, offset: 0 }
  }

  async function openFile(): Promise<OpenFile> {
    const handle = await open(path, 'a', MODE).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await mkdir(dirname(path), { recursive: true })
      return open(path, 'a', MODE)
    })
    try {
      const { dev, ino } = await handle.stat()
      return { handle, dev, ino }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async function closeFile(): Promise<void> {
    const old = file
    file = undefined
    // A close that fails loses nothing that a write has not reported; the descriptor is gone either way.
    await old?.handle.close().catch(() => undefined)
  }

  async function ensureOpen(): Promise<OpenFile> {
    const now = performance.now()
    if (file && !wantsReopen && now - checkedAt >= CHECK_MS) {
      checkedAt = now
      wantsReopen = !isSameFile(await stat(path).catch(() => undefined), file)
    }
    if (file && !wantsReopen) return file
    wantsReopen = false
    const before = file
    const next = await openFile()
    if (before) await closeFile()
    file = next
    checkedAt = now
    if (batch && !(before && before.dev === next.dev && before.ino === next.ino)) rewind(batch)
    return next
  }

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const target = await ensureOpen()
        batch ??= takeBatch()
        if (!batch) break
        while (batch.offset < batch.bytes.length) {
          const { bytesWritten } = await target.handle.write(batch.bytes, batch.offset)
          batch.offset += bytesWritten
        }
        buffered -= batch.bytes.length
        batch = undefined
      }
    } catch {
      // The one place where a failure has nowhere to be reported: the log itself. `dropped` counts what is lost.
      wantsReopen = true
      retry = setTimeout(start, retryMs)
      retry.unref()
    }
  }

  function start(): void {
    if (pumping || closed) return
    clearTimeout(retry)
    retry = undefined
    pumping = pump().then(() => {
      pumping = undefined
      if (retry) return
      if (lines.length > 0 || wantsReopen) start()
      else for (const resolve of waiters.splice(0)) resolve()
    })
  }

  function flush(timeoutMs: number): Promise<void> {
    if (buffered === 0 && !pumping) return Promise.resolve()
    start()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      waiters.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  start()
  return {
    write(line) {
      const size = Buffer.byteLength(line)
      if (closed || buffered + size > maxBuffered) {
        dropped++
        return
      }
      lines.push(line)
      buffered += size
      if (!pumping && !retry) start()
    },
    reopen() {
      wantsReopen = true
      start()
    },
    dropped: () => dropped,
    flush,
    async close(timeoutMs) {
      await flush(timeoutMs)
      closed = true
      clearTimeout(retry)
      waiters = []
      // A disk that hangs keeps its descriptor until it comes back; the caller does not wait for it.
      if (pumping) void pumping.then(closeFile)
      else await closeFile()
    },
  }
}

function isSameFile(now: Stats | undefined, file: OpenFile): boolean {
  return now !== undefined && now.dev === file.dev && now.ino === file.ino
}

/** Back to the start of the line that was cut: its other half is in a file that is not ours any more. */
function rewind(batch: Batch): void {
  if (batch.offset > 0) batch.offset = batch.bytes.lastIndexOf(0x0a, batch.offset - 1) + 1
}
