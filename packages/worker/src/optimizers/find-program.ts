import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Absolute path of a program: the configured one, else the first in `searchPath`; undefined when it cannot be run. */
export function findProgram(name: string, configured: string | undefined, searchPath: string): string | undefined {
  if (configured !== undefined) return isProgram(configured) ? configured : undefined
  // Entries that are relative depend on the working directory, which anybody may have chosen.
  const directories = searchPath.split(':').filter(isAbsolute)
  return directories.map((directory) => join(directory, name)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Missing, out of reach or not executable: all the same to whoever asks.
    return false
  }
}
