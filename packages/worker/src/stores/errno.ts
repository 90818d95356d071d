/** The errno name of a failed system call (`ENOENT`), undefined for every other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

// Each means "no such file" for a name that came from outside: a path through a file, a name longer than the file
// system takes, a loop of links, a socket.
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO', 'EISDIR'])

/** Does this failure only say that nothing readable has that name? */
export function isMissing(error: unknown): boolean {
  return MISSING.has(errnoOf(error) ?? '')
}
