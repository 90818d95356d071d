import type { Command } from '../command.ts'
import { config } from './config.ts'
import { crashes } from './crashes.ts'
import { down } from './down.ts'
import { events } from './events.ts'
import { logs } from './logs.ts'
import { processCommands } from './processes.ts'
import { reload } from './reload.ts'
import { scale } from './scale.ts'
import { sign } from './sign.ts'
import { status } from './status.ts'
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
  logs,
  events,
  crashes,
  sign,
  url,
  config,
  version,
]
