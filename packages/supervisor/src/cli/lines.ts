import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** The argument itself, or with `-` the lines of stdin, empty ones left out. */
export async function* argumentOrLines(argument: string, stdin: Readable): AsyncGenerator<string> {
  if (argument !== '-') {
    yield argument
    return
  }
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield line
  }
}
