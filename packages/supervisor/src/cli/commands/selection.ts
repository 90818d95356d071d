import { ImgsvcError } from '@imgsvc/core/errors'
import { parseSelector } from '@imgsvc/core/process'
import type { Argv } from 'yargs'

const SELECTORS = 'all, worker, balancer, worker:2, worker:8002 (by port)'

/** The flag every command that talks to a running instance or its directory has. */
export function withStateDir<A>(yargs: Argv<A>) {
  return yargs.option('state-dir', {
    type: 'string',
    requiresArg: true,
    describe: 'State directory of the instance [env: IMGSVC_STATE_DIR]',
  })
}

/** The flag of commands that print data. */
export function withJson<A>(yargs: Argv<A>) {
  return yargs.option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
}

/** Process selectors as positionals; `required` for commands that change something. */
export function withSelection<A>(yargs: Argv<A>, required: boolean) {
  const named = yargs.positional('select', { type: 'string', array: true, default: [], describe: SELECTORS })
  return named.check(({ select }) => {
    const given = select as readonly string[]
    if (required && given.length === 0) throw new Error(`which processes? Name them: ${SELECTORS}`)
    for (const text of given) requireSelector(text)
    return true
  })
}

/** Throws the message of SELECTOR_INVALID as a mistake of the command line: nothing is asked, exit code 2. */
function requireSelector(text: string): void {
  try {
    parseSelector(text)
  } catch (error) {
    throw new Error(error instanceof ImgsvcError ? `unknown selector ${error.detail}` : String(error))
  }
}
