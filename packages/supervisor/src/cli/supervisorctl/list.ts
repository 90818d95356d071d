import { type Command, defineGroup } from '../command.ts'
import { restart, signal, start, stop } from './act.ts'
import { reread, update } from './config.ts'
import { clear, maintail, tail } from './logs.ts'
import { withoutEquivalent } from './none.ts'
import { avail, pid, status } from './show.ts'
import { reload, shutdown, version } from './whole.ts'

/** Verbs of supervisorctl that imgsvc has no word of its own for: commands without the group, too. */
export const supervisorVerbs: readonly Command[] = [signal, pid, avail, reread, update, tail, maintail, clear, shutdown]

/**
 * `imgsvc supervisorctl <verb>`: the command line of supervisord 4, with its words, shapes and exit codes, for scripts that
 * were written for it; `docs/supervisord.md` names the differences.
 */
export const supervisorctl = defineGroup('supervisorctl', "supervisord's command line, for scripts that speak it", [
  status,
  start,
  stop,
  restart,
  ...supervisorVerbs,
  reload,
  version,
  ...withoutEquivalent,
])
