import { ImgsvcError } from '@imgsvc/core/errors'
import type { Roles } from '../process/roles.ts'

/** What a successor tells the supervisor that started it. */
export interface HeirReport {
  readonly kind: 'heir'
  readonly version: string
  readonly roles: Roles
}

/** What it is told when its turn has come. */
export const GO = 'go'

/** Signals that concern a service, not the process that waits for its turn. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const

/**
 * Tells the supervisor in office that its successor could begin, and waits for its turn. Throws UPGRADE_FAILED when the
 * other one gives up or dies: then nothing must happen.
 */
export async function awaitTurn(report: HeirReport): Promise<void> {
  // Ctrl-C reaches both; what it means is decided by the one in office.
  const ignore = () => {}
  for (const signal of SIGNALS) process.on(signal, ignore)
  try {
    await new Promise<void>((resolve, reject) => {
      const left = () => reject(new ImgsvcError('UPGRADE_FAILED', 'the supervisor in office needs no successor'))
      process.once('disconnect', left)
      process.once('message', (message) => {
        process.off('disconnect', left)
        if (message === GO) resolve()
        else left()
      })
      if (process.send) process.send(report)
      else left()
    })
  } finally {
    for (const signal of SIGNALS) process.off(signal, ignore)
  }
}
