import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { Cli } from './context.ts'

/** One command of imgsvc: its flags, and what it does. `run` resolves to the exit code and throws ImgsvcErrors. */
export interface CommandSpec<A> {
  /** yargs notation: `status [select..]`. */
  readonly command: string
  readonly describe: string
  readonly build: (yargs: Argv) => Argv<A>
  readonly run: (args: ArgumentsCamelCase<A>, cli: Cli) => Promise<number>
}

/** How a command ends: the exit code of `run`, or the error it threw. */
export interface Outcome {
  readonly exit: (code: number) => void
  readonly fail: (error: unknown) => void
}

/** A command ready to be added to a yargs instance; the types of its arguments stay inside. */
export interface Command {
  /** The word that calls it. */
  readonly name: string
  /** The words it cannot do without, as its help names them. */
  readonly needs: readonly string[]
  readonly members: readonly Command[]
  readonly addTo: (yargs: Argv, cli: Cli, outcome: Outcome) => Argv
}

/** A single command. */
export function defineCommand<A>({ command, describe, build, run }: CommandSpec<A>): Command {
  return {
    name: command.split(' ', 1)[0] as string,
    needs: [...command.matchAll(/<([^>]+)>/g)].map(([, word]) => word as string),
    members: [],
    addTo: (yargs, cli, outcome) =>
      yargs.command(command, describe, build, async (args) => {
        try {
          outcome.exit(await run(args, cli))
        } catch (error) {
          outcome.fail(error)
        }
      }),
  }
}

/** Commands below one word, such as `config check`; a member called `$0` takes what names no other. */
export function defineGroup(name: string, describe: string, members: readonly Command[]): Command {
  return {
    name,
    needs: [],
    members,
    addTo: (yargs, cli, outcome) =>
      yargs.command(name, describe, (group) => {
        for (const member of members) member.addTo(group, cli, outcome)
        return group.demandCommand(1, `which command of ${name}? ${members.map((member) => member.name).join(', ')}`)
      }),
  }
}
