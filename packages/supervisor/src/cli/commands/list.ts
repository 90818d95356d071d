import type { Command } from '../command.ts'
import { supervisorctl, supervisorVerbs } from '../supervisorctl/list.ts'
import { chaos } from './chaos.ts'
import { config } from './config.ts'
import { crashes } from './crashes.ts'
import { doctor } from './doctor.ts'
import { down } from './down.ts'
import { events } from './events.ts'
import { explain } from './explain.ts'
import { filters } from './filters.ts'
import { logs } from './logs.ts'
import { processCommands } from './processes.ts'
import { reload } from './reload.ts'
import { scale } from './scale.ts'
import { sign } from './sign.ts'
import { startup } from './startup.ts'
import { status } from './status.ts'
import { top } from './top.ts'
import { up } from './up.ts'
import { upgrade } from './upgrade.ts'
import { url } from './url.ts'
import { version } from './version.ts'

/** Every command, in the order `imgsvc --help` shows them. */
export const COMMANDS: readonly Command[] = [
  up,
  down,
  status,
  ...processCommands,
  scale,
  reload,
  upgrade,
  top,
  logs,
  events,
  crashes,
  sign,
  url,
  explain,
  filters,
  doctor,
  chaos,
  startup,
  config,
  ...supervisorVerbs,
  supervisorctl,
  version,
]
