import { existsSync } from 'node:fs'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type ControlClient, createControlClient } from '../client.ts'
import { type Command, defineCommand } from '../command.ts'
import { withStateDir } from '../commands/selection.ts'
import type { Cli } from '../context.ts'
import { errorLines } from '../error-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { chosenPaths } from '../state-dir.ts'

/** What a verb of supervisorctl works with. */
export interface VerbContext<A> {
  readonly args: ArgumentsCamelCase<A>
  /** The words behind the verb. */
  readonly words: readonly string[]
  readonly client: ControlClient
  readonly cli: Cli
}

export interface VerbSpec<A> {
  readonly name: string
  /** Arguments as supervisorctl's help writes them: `<name>...`; without it there are none. */
  readonly usage?: string
  readonly describe: string
  readonly examples: readonly (readonly [command: string, what: string])[]
  /** Fewest words; `needs` completes `Error: <verb> requires …` when there are fewer. */
  readonly least?: number
  readonly needs?: string
  /** Most words; default any number. */
  readonly most?: number
  readonly flags?: (yargs: Argv<Words>) => Argv<A>
  readonly run: (context: VerbContext<A>) => Promise<number>
}

/** What every verb has. */
export interface Words {
  readonly words: string[]
  readonly stateDir: string | undefined
}

/**
 * A verb of supervisorctl: says on stdout what that would say, and how it ends. A supervisor that is not there is 4 for
 * all of them, where supervisorctl has 4 and 7 for two ways of being absent.
 */
export function defineVerb<A extends Words = Words>(spec: VerbSpec<A>): Command {
  const { name, describe, usage, flags, examples } = spec
  return defineCommand<A>({
    command: `${name} [words..]`,
    describe,
    build: (yargs) => {
      const words = withStateDir(yargs).positional('words', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: usage ?? 'none',
      }) as unknown as Argv<Words>
      const built = flags ? flags(words) : (words as unknown as Argv<A>)
      return built.example(examples.map(([command, what]) => [command, what]))
    },
    run: async (args, cli) => {
      const complaint = countComplaint(spec, args.words.length)
      if (complaint !== undefined) {
        cli.out.line(`Error: ${complaint}`)
        return EXIT.badArguments
      }
      const socket = chosenPaths(args.stateDir, cli).supervisorSocket
      try {
        return await spec.run({ args, words: args.words, client: createControlClient(socket), cli })
      } catch (error) {
        const line = absence(error, socket)
        if (line === undefined) throw error
        cli.out.line(line)
        // A socket that is there may belong to one that hangs: stderr tells which.
        if (existsSync(socket)) for (const detail of errorLines(error)) cli.out.error(detail)
        return EXIT.notReachable
      }
    },
  })
}

function countComplaint<A>(spec: VerbSpec<A>, count: number): string | undefined {
  const { name, least = 0, needs = 'a process name', most = Number.POSITIVE_INFINITY } = spec
  if (count < least) return `${name} requires ${needs}`
  if (count > most) return most === 0 ? `${name} accepts no arguments` : 'too many arguments'
  return undefined
}

/** supervisorctl's line for a supervisor that is not there (`supervisorctl.py`, upcheck); undefined for other errors. */
function absence(error: unknown, socket: string): string | undefined {
  if (!(error instanceof ImgsvcError) || error.code !== 'NOT_RUNNING' || error.cause === undefined) return undefined
  return `unix://${socket} ${existsSync(socket) ? 'refused connection' : 'no such file'}`
}
