import { toImgsvcError } from '@imgsvc/core/errors'
import yargs, { type Argv } from 'yargs'
import type { Command, Outcome } from './command.ts'
import type { Cli } from './context.ts'
import { disguiseDashes, revealDashes } from './dashes.ts'
import { errorLines } from './error-lines.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { usageLines } from './usage.ts'

/** Runs one command line (without node and script) and resolves to its exit code; never rejects. */
export async function runProgram(args: readonly string[], commands: readonly Command[], cli: Cli): Promise<number> {
  let code: number = EXIT.ok
  const outcome: Outcome = {
    exit: (value) => {
      code = value
    },
    fail: (error) => {
      for (const line of errorLines(error)) cli.out.error(line)
      code = exitCodeOf(toImgsvcError(error).code)
    },
  }
  const parser = createParser(args, cli.version)
  for (const command of commands) command.addTo(parser, cli, outcome)
  try {
    await parser.parseAsync()
  } catch (error) {
    // Commands report through `outcome`; what yargs itself throws is about the command line.
    const flags = Object.keys(knownFlags(parser).key).filter((name) => name.length > 1)
    for (const line of usageLines((error as Error).message, { args, flags, commands })) cli.out.error(line)
    return EXIT.badArguments
  }
  return code
}

/** Width of the help where the terminal is not narrower. */
const HELP_COLUMNS = 100

function createParser(args: readonly string[], version: string): Argv {
  const parser = yargs([...disguiseDashes(args)])
  return (
    parser
      .scriptName('imgsvc')
      .usage('$0 <command> [options]\n\nA thumbor-compatible image service: supervisor, load balancer and workers.')
      // Paths and keys such as 007 are text; numbers are asked for as such.
      .parserConfiguration({ 'parse-positional-numbers': false, 'greedy-arrays': false })
      .middleware(revealDashes, true)
      .locale('en')
      .strict()
      .strictCommands()
      .demandCommand(1, 'which command? The most used: up, status, restart, logs, url, down')
      .check((argv) => refuseRepeated(argv, knownFlags(parser).array), true)
      .completion('completion', 'Print a completion script for bash or zsh')
      .version(version)
      .help()
      .alias('help', 'h')
      // No wider than the terminal; 0 or null where there is none.
      .wrap(Math.min(HELP_COLUMNS, parser.terminalWidth() || HELP_COLUMNS))
      .exitProcess(false)
      .fail((message: string | null, error: Error | undefined) => {
        throw error ?? new Error(message ?? 'the command line is not valid')
      })
  )
}

/** `--root a --root b` would reach a command as a list; only flags declared as lists may be given twice. */
function refuseRepeated(argv: Readonly<Record<string, unknown>>, lists: readonly string[]): true {
  for (const [name, value] of Object.entries(argv)) {
    if (name !== '_' && Array.isArray(value) && !lists.includes(name)) throw new Error(`--${name} was given twice`)
  }
  return true
}

interface KnownFlags {
  /** Names of the options that are lists, positionals included. */
  readonly array: readonly string[]
  readonly key: Readonly<Record<string, unknown>>
}

// Public in yargs, missing in its types.
function knownFlags(parser: Argv): KnownFlags {
  return (parser as unknown as { getOptions(): KnownFlags }).getOptions()
}
