import type { Row } from './row.ts'
import { killWorker } from './rows/01-kill-worker.ts'
import { killAllWorkers } from './rows/03-kill-all-workers.ts'
import { stopWorker } from './rows/04-stop-worker.ts'
import { leak } from './rows/06-leak.ts'
import { crashAtBoot } from './rows/08-crash-at-boot.ts'
import { crashAfterReady } from './rows/09-crash-after-ready.ts'
import { portTaken } from './rows/10-port-taken.ts'
import { foreignServer } from './rows/11-foreign-server.ts'
import { portTrouble } from './rows/12-port-trouble.ts'
import { supervisorKilled } from './rows/14-supervisor-killed.ts'
import { supervisorSucceeded } from './rows/15-supervisor-succeeded.ts'
import { supervisorStopped } from './rows/16-supervisor-stopped.ts'
import { bothKilled } from './rows/18-both-killed.ts'
import { rollingRestart } from './rows/19-rolling-restart.ts'
import { brokenBuild } from './rows/20-broken-build.ts'
import { configTypo } from './rows/21-config-typo.ts'
import { signals } from './rows/22-signals.ts'
import { diskFull } from './rows/23-disk-full.ts'
import { logsReadOnly } from './rows/24-logs-read-only.ts'
import { logFlood } from './rows/25-log-flood.ts'
import { logFileMoved } from './rows/26-log-file-moved.ts'
import { clockJumps } from './rows/32-clock-jumps.ts'
import { grandchildren } from './rows/33-grandchildren.ts'
import { leftovers } from './rows/34-leftovers.ts'
import { permissions } from './rows/35-permissions.ts'
import { silentSupervisor } from './rows/36-silent-supervisor.ts'
import { gracefulDown } from './rows/40-graceful-down.ts'

/** Every row of the plan, in order; their numbers are those of the plan, which has more than these. */
export const ROWS: readonly Row[] = [
  killWorker,
  killAllWorkers,
  stopWorker,
  leak,
  crashAtBoot,
  crashAfterReady,
  portTaken,
  foreignServer,
  portTrouble,
  supervisorKilled,
  supervisorSucceeded,
  supervisorStopped,
  bothKilled,
  rollingRestart,
  brokenBuild,
  configTypo,
  signals,
  diskFull,
  logsReadOnly,
  logFlood,
  logFileMoved,
  clockJumps,
  grandchildren,
  leftovers,
  permissions,
  silentSupervisor,
  gracefulDown,
]
