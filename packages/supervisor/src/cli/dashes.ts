/**
 * Arguments that begin with a dash and are no flags: `-` for stdin, and everything behind `--`. yargs 18 turns the
 * first into an empty text and never gives the second to positionals, so both pass through it in disguise. No real
 * argument holds a NUL: execve(2) ends it there.
 */
const DISGUISE = '\0-'

/** The command line with such arguments disguised, and without its `--`. */
export function disguiseDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  const flags = end === -1 ? args : args.slice(0, end)
  const words = end === -1 ? [] : args.slice(end + 1)
  return [...flags.map((arg) => (arg === '-' ? DISGUISE : arg)), ...words.map((arg) => arg.replace(/^-/, DISGUISE))]
}

/** Takes the disguise off the values yargs made, in place. */
export function revealDashes(argv: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(argv)) {
    argv[name] = Array.isArray(value) ? value.map(reveal) : reveal(value)
  }
}

function reveal(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(DISGUISE) ? value.slice(1) : value
}
