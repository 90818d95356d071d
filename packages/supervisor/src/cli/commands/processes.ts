import { createControlClient } from '../client.ts'
import { type Command, defineCommand } from '../command.ts'
import { chosenPaths } from '../state-dir.ts'
import { reportActions } from './act.ts'
import { withJson, withSelection, withStateDir } from './selection.ts'

interface Action {
  readonly name: 'start' | 'stop' | 'restart' | 'drain' | 'undrain'
  readonly describe: string
  readonly examples: readonly (readonly [command: string, what: string])[]
}

const ACTIONS: readonly Action[] = [
  {
    name: 'start',
    describe: 'Start stopped processes and wait until they are ready',
    examples: [
      ['$0 start worker:2', 'one worker'],
      ['$0 start all', 'everything that is stopped'],
    ],
  },
  {
    name: 'stop',
    describe: 'Stop processes gracefully; they stay stopped until `start`',
    examples: [
      ['$0 stop worker:8002', 'the worker on port 8002'],
      ['$0 stop worker', 'every worker'],
    ],
  },
  {
    name: 'restart',
    describe: 'Restart processes one at a time, each until ready; no request is lost',
    examples: [
      ['$0 restart worker', 'every worker, rolling'],
      ['$0 restart worker:1 worker:3', 'these two'],
    ],
  },
  {
    name: 'drain',
    describe: 'Take workers out of rotation without stopping them',
    examples: [['$0 drain worker:2', 'no new requests for worker:2']],
  },
  {
    name: 'undrain',
    describe: 'Put drained workers back into rotation',
    examples: [['$0 undrain worker:2', 'requests for worker:2 again']],
  },
]

/** `start`, `stop`, `restart`, `drain`, `undrain`: they differ by the control method alone. */
export const processCommands: readonly Command[] = ACTIONS.map(({ name, describe, examples }) =>
  defineCommand({
    command: `${name} [select..]`,
    describe,
    build: (yargs) =>
      withJson(withStateDir(withSelection(yargs, true))).example(examples.map(([command, what]) => [command, what])),
    run: async (args, cli) => {
      const client = createControlClient(chosenPaths(args.stateDir, cli).supervisorSocket)
      const results = await client.call(`process.${name}`, { select: args.select })
      return reportActions(results, args.json, cli)
    },
  }),
)
