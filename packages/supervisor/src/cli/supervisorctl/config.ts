import type { ControlResult } from '@imgsvc/core/control'
import { type ErrorCode, ImgsvcError } from '@imgsvc/core/errors'
import { readersOf } from '../../reload-plan.ts'
import type { ControlClient } from '../client.ts'
import type { Cli } from '../context.ts'
import { errorLines } from '../error-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb } from './verb.ts'

type Changes = ControlResult<'config.reload'>

const UNREADABLE: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID', 'CONFIG_UNREADABLE'])
const GROUPS: ReadonlySet<string> = new Set(['worker', 'balancer', 'all'])

/** `reread`: which groups the file on disk would change; changes nothing. */
export const reread = defineVerb({
  name: 'reread',
  describe: 'Read the configuration again and show which groups it would change; change nothing',
  most: 0,
  examples: [['$0 reread', 'then `update` applies it']],
  run: async ({ client, cli }) => {
    const changes = await readAgain(client, true, cli)
    if (!changes) return EXIT.generic
    const groups = changedGroups(changes)
    for (const group of groups) cli.out.line(`${group}: changed`)
    if (groups.length === 0) cli.out.line('No config updates to processes')
    tellWhatWaits(changes, cli)
    return EXIT.ok
  },
})

/** `update [group...]`: applies the file; groups that were not named must have no changes of their own. */
export const update = defineVerb({
  name: 'update',
  usage: '[worker] [balancer]; default all',
  describe: 'Apply the changed configuration; processes restart one at a time where a setting needs it',
  examples: [['$0 update', 'as `imgsvc reload`, in the words of supervisorctl']],
  run: async ({ words, client, cli }) => {
    const unknown = words.filter((word) => !GROUPS.has(word))
    for (const word of unknown) cli.out.line(`ERROR: no such group: ${word}`)
    if (unknown.length > 0) return EXIT.generic
    const planned = await readAgain(client, true, cli)
    if (!planned) return EXIT.generic
    const isPartial = words.length > 0 && !words.includes('all')
    const others = isPartial ? rolesOf(planned).filter((role) => !words.includes(role)) : []
    if (others.length > 0) {
      // One file, one configuration in force: half of it is a third one that nobody has checked.
      cli.out.line(`ERROR: the file changes ${others.join(' and ')} too; \`update\` applies all of it`)
      return EXIT.generic
    }
    const applied = await readAgain(client, false, cli)
    if (!applied) return EXIT.generic
    for (const role of rolesOf(applied)) cli.out.line(`${role}: updated process group`)
    tellWhatWaits(applied, cli)
    return EXIT.ok
  },
})

/** Undefined when the file cannot be used, which was printed then. Throws what else the call throws. */
async function readAgain(client: ControlClient, dryRun: boolean, { out }: Cli): Promise<Changes | undefined> {
  try {
    return await client.call('config.reload', { dryRun })
  } catch (error) {
    if (!(error instanceof ImgsvcError) || !UNREADABLE.has(error.code)) throw error
    const [first = '', ...rest] = errorLines(error)
    out.line(`ERROR: CANT_REREAD: ${first.replace(/^imgsvc: /, '')}`)
    for (const line of rest) out.line(line)
    return undefined
  }
}

/** Roles that the applied settings concern, in supervisorctl's order, the alphabet's. */
function rolesOf({ changed, needRestart }: Changes): readonly string[] {
  const applied = changed.filter((path) => !needRestart.includes(path))
  return [...new Set(applied.flatMap(readersOf))].sort()
}

/** `supervisor` stands for what only a new start applies. */
export function changedGroups(changes: Changes): readonly string[] {
  return [...rolesOf(changes), ...(changes.needRestart.length > 0 ? ['supervisor'] : [])].sort()
}

function tellWhatWaits({ needRestart }: Changes, { out }: Cli): void {
  if (needRestart.length > 0) out.error(`takes effect after \`imgsvc down\` and \`up\`: ${needRestart.join(', ')}`)
}
