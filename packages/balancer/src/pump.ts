import type { Readable, Writable } from 'node:stream'

export interface PumpOptions {
  /** Sees each chunk before it is passed on; false stops the pump for good. */
  readonly onChunk: (chunk: Buffer) => boolean
  /** The sink takes no more until it has passed on what it holds. */
  readonly onFull?: () => void
  /** It has, and goes on. */
  readonly onDrain?: () => void
}

/**
 * Passes a body on with back-pressure and ends the sink. Unlike pipe() it hands out the bytes it passes and leaves
 * both ends to the caller when one of them breaks. The returned function takes its listeners off.
 */
export function pump(source: Readable, sink: Writable, options: PumpOptions): () => void {
  const onData = (chunk: Buffer) => {
    if (!options.onChunk(chunk)) {
      stop()
      return
    }
    if (sink.write(chunk)) return
    source.pause()
    options.onFull?.()
  }
  const onDrain = () => {
    options.onDrain?.()
    source.resume()
  }
  const onEnd = () => {
    stop()
    sink.end()
  }
  const stop = () => {
    source.off('data', onData)
    source.off('end', onEnd)
    sink.off('drain', onDrain)
  }
  source.on('data', onData)
  source.on('end', onEnd)
  sink.on('drain', onDrain)
  return stop
}
