import { readFileSync, statSync } from 'node:fs'
import { TextDecoder } from 'node:util'
import { ImgsvcError } from '../errors.ts'
import { type ConfigFile, parseConfigText } from './parse-yaml.ts'

const MAX_FILE_BYTES = 1024 ** 2

/**
 * Reads a YAML file; `name` is what messages call it. Throws CONFIG_UNREADABLE (with name and reason) or
 * CONFIG_INVALID (with line and column).
 */
export function readConfigFile(path: string, name = path): ConfigFile {
  return parseConfigText(readText(path, name), name)
}

function readText(path: string, name: string): string {
  const unreadable = (reason: string, cause?: unknown) =>
    new ImgsvcError('CONFIG_UNREADABLE', `${name}: ${reason}`, { cause })
  let content: Buffer
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw unreadable('this is a directory, expected a YAML file')
    // A pipe or a device would block the program, and reload reads the file again.
    if (!stat.isFile()) throw unreadable('this is not a regular file')
    if (stat.size > MAX_FILE_BYTES) throw unreadable(`the file has ${stat.size} bytes, more than 1 MB`)
    content = readFileSync(path)
  } catch (error) {
    if (error instanceof ImgsvcError) throw error
    throw unreadable(reasonOf(error), error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw unreadable('the file is not UTF-8 text', error)
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOTDIR') return 'a part of the path is not a directory'
  return message
}
