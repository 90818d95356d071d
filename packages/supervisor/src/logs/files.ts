import { fileNameOf } from '@imgsvc/core/process'
import type { Controller } from '../process/controller.ts'
import type { RotatedLog } from './rotate/rotator.ts'

/** The supervisor's own log file, without its directory. */
export const OWN_LOG = 'supervisor.log'

const REOPEN_MS = 2000

/** Every log file there may be: two per process, the supervisor's too. */
export function rotatedLogs(controllers: readonly Controller[], reopenOwn: () => void): readonly RotatedLog[] {
  return [
    { name: OWN_LOG, writer: 'reopen', reopen: reopenOwn },
    // Output of `up --detach`.
    { name: 'supervisor.stderr.log', writer: 'hold', process: 'supervisor' },
    ...controllers.flatMap(({ id, client, info }): RotatedLog[] => [
      {
        name: `${fileNameOf(id)}.log`,
        writer: 'reopen',
        reopen: async () => void (await client.call('reopenLogs', {}, { timeoutMs: REOPEN_MS })),
      },
      { name: `${fileNameOf(id)}.stderr.log`, writer: 'hold', process: id, pid: () => info().pid ?? undefined },
    ]),
  ]
}

/** Asks every process to open its log again; resolves to how many did. Those that do not notice it within 1 s by themselves. */
export async function reopenAll(controllers: readonly Controller[]): Promise<number> {
  const running = controllers.filter((controller) => controller.life() !== undefined)
  const results = await Promise.allSettled(
    running.map(({ client }) => client.call('reopenLogs', {}, { timeoutMs: REOPEN_MS })),
  )
  return results.filter((result) => result.status === 'fulfilled').length
}
