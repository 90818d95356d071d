import { createAppendFile } from './append-file.ts'
import { createLineBuffer } from './line-buffer.ts'

/** An append-only file of whole lines that never blocks, kills or silences the process that writes it. */
export interface LogFile {
  /** Takes one line with its newline; returns at once. */
  write(line: string): void
  /** Opens the path anew before the next line, after the file was renamed. */
  reopen(): void
  /** The last attempt to write failed, and there has been none since. */
  isFailing(): boolean
  /** Lines lost so far because the disk failed for longer than the buffer lasts. */
  dropped(): number
  /** Resolves when everything is written or `timeoutMs` is over; never rejects. */
  flush(timeoutMs: number): Promise<void>
  /** Flushes and closes; lines that come later are dropped. Never rejects. */
  close(timeoutMs: number): Promise<void>
}

/** A time in which the disk failed. */
export interface LogOutage {
  /** Code of the first error, such as ENOSPC. */
  readonly cause: string
  /** How long it took, ms. */
  readonly failedMs: number
}

export interface LogFileOptions {
  readonly path: string
  /** Bytes kept while the disk fails; default 8 MB. Lines beyond are dropped and counted. */
  readonly maxBuffered?: number
  /** Pause before a failed disk is tried again, ms; default 500. */
  readonly retryMs?: number
  /** The disk had failed, and what waited is written; lines that come from here are written next. */
  healed?(outage: LogOutage): void
}

/**
 * Creates the file (and its directory) as soon as it can. While opening or writing fails, lines wait in a bounded
 * buffer and the disk is tried again. Notices within a second of writing that its file was moved or deleted.
 */
export function createLogFile(options: LogFileOptions): LogFile {
  const { path, maxBuffered = 8 * 1024 * 1024, retryMs = 500 } = options
  const buffer = createLineBuffer(maxBuffered)
  const file = createAppendFile(path)
  const waiters = new Set<() => void>()
  let pumping: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let late = 0
  let failure: { readonly cause: string; readonly since: number } | undefined
  let isClosed = false

  async function writeAll(): Promise<void> {
    for (;;) {
      const { handle, isOther } = await file.ready()
      if (isOther) buffer.rewind()
      const batch = buffer.batch()
      if (!batch) return
      while (batch.offset < batch.bytes.length) {
        const { bytesWritten } = await handle.write(batch.bytes, batch.offset)
        batch.offset += bytesWritten
      }
      buffer.written()
    }
  }

  async function pump(): Promise<void> {
    try {
      await writeAll()
      heal()
    } catch (error) {
      // The one place where a failure cannot be reported at once: the log itself. `healed` tells it later.
      failure ??= { cause: (error as NodeJS.ErrnoException).code ?? String(error), since: performance.now() }
      file.reopen()
      retry = setTimeout(start, retryMs)
      retry.unref()
    }
    pumping = undefined
    if (retry) return
    if (!buffer.isEmpty() || file.wantsReopen()) start()
    else for (const done of [...waiters]) done()
  }

  function heal(): void {
    if (!failure) return
    const { cause, since } = failure
    failure = undefined
    options.healed?.({ cause, failedMs: Math.round(performance.now() - since) })
  }

  function start(): void {
    if (pumping || isClosed) return
    clearTimeout(retry)
    retry = undefined
    pumping = pump()
  }

  function flush(timeoutMs: number): Promise<void> {
    if (buffer.isEmpty() && !pumping) return Promise.resolve()
    start()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiters.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      waiters.add(done)
    })
  }

  start()
  return {
    write(line) {
      if (isClosed) late++
      else if (buffer.push(line) && !retry) start()
    },
    reopen() {
      file.reopen()
      start()
    },
    isFailing: () => failure !== undefined,
    dropped: () => buffer.dropped() + late,
    flush,
    async close(timeoutMs) {
      await flush(timeoutMs)
      isClosed = true
      clearTimeout(retry)
      // A disk that hangs keeps its descriptor until it comes back; the caller does not wait for it.
      if (pumping !== undefined) void pumping.then(file.close)
      else await file.close()
    },
  }
}
