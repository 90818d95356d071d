import { type Command, defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

/** Verbs of supervisorctl without an equivalent, and what to do instead. */
const WITHOUT: readonly (readonly [name: string, instead: string])[] = [
  ['add', 'there are no groups to be activated; `imgsvc scale N` changes the number of workers'],
  ['remove', 'the groups are fixed; `imgsvc scale N` changes the number of workers, `imgsvc stop` stops them'],
  ['fg', 'the processes read no stdin; `imgsvc logs -f worker:2` shows what one writes'],
  ['open', 'an instance is chosen by its directory: `--state-dir` or IMGSVC_STATE_DIR'],
  ['quit', 'there is no interactive shell; every verb is a command of its own'],
  ['exit', 'there is no interactive shell; every verb is a command of its own'],
]

/** They say what to do instead, exit code 2. */
export const withoutEquivalent: readonly Command[] = WITHOUT.map(([name, instead]) =>
  defineCommand({
    command: `${name} [words..]`,
    describe: `Not here: ${instead}`,
    build: (yargs) => yargs.positional('words', { type: 'string', array: true, default: [] as string[] }),
    run: async (_args, { out }) => {
      out.error(`imgsvc: supervisorctl ${name}: ${instead}`)
      return EXIT.badArguments
    },
  }),
)
