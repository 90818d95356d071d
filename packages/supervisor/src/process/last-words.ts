import { open } from 'node:fs/promises'

const TAIL_BYTES = 16 * 1024
const MAX_LENGTH = 300

/**
 * The line of a child's stderr that says best why it ended, from `offset` on (what earlier runs wrote does not
 * count); undefined when there is none. Node prints the message first, then the stack and its version.
 */
export async function lastWords(file: string, offset: number): Promise<string | undefined> {
  let text: string
  try {
    text = await readTail(file, offset)
  } catch {
    return undefined // no output is no reason; the exit code still is one
  }
  return tellingLine(text)
}

/** The last lines of a child's stderr from `offset` on, as they stand; none when it cannot be read. */
export async function lastLines(file: string, offset: number, count: number): Promise<readonly string[]> {
  const text = await readTail(file, offset).catch(() => '')
  return text.split('\n').filter(Boolean).slice(-count)
}

async function readTail(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    // Smaller than before: rotated meanwhile, so all of it is new.
    const begin = size < offset ? 0 : offset
    const from = Math.max(begin, size - TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    // What the rotation has taken out of the file reads as NULs.
    return buffer.toString('utf8', 0, bytesRead).replaceAll('\0', '')
  } finally {
    await file.close()
  }
}

/** The last line that is neither part of a stack, nor of a printed object, nor Node's version. */
export function tellingLine(text: string): string | undefined {
  const line = text.split('\n').findLast((candidate) => isMessage(candidate))
  if (line === undefined) return undefined
  const message = line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z\s+/, '').trim()
  return message.length > MAX_LENGTH ? `${message.slice(0, MAX_LENGTH - 1)}…` : message
}

function isMessage(line: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(line)) return false
  return !/^(\s|Node\.js v\d|node:internal|file:\/\/|\(Use `node|\(node:\d+\))/.test(line)
}
