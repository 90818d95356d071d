import { setTimeout as pause } from 'node:timers/promises'
import type { SupervisorInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type ControlClient, createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { seconds } from '../format.ts'
import { actionLine } from '../process-table.ts'
import { chosenPaths } from '../state-dir.ts'
import { withJson, withStateDir } from './selection.ts'

const POLL_MS = 50
/** An init system may take its time to start the supervisor again. */
const PATIENCE_MS = 30_000

/** `imgsvc upgrade`: rolls the service onto the code on disk; exit code 1 when it was given up. */
export const upgrade = defineCommand({
  command: 'upgrade',
  describe: 'Roll onto new code: workers, balancers, then the supervisor; no request is lost',
  build: (yargs) =>
    withJson(withStateDir(yargs))
      .example('$0 upgrade', 'after the new version was installed over the old one')
      .epilogue('A canary tries the new code first. When it does not pass, nothing else is touched: exit code 1.'),
  run: async (args, { out, ...cli }) => {
    const client = createControlClient(chosenPaths(args.stateDir, { out, ...cli }).supervisorSocket)
    const before = await client.call('supervisor.info', {})
    const result = await client.call('supervisor.upgrade', {})
    if (!args.json) {
      for (const action of result.actions) out.line(actionLine(action))
    }
    if (result.supervisor === 'none') {
      if (args.json) out.json({ ...result, ok: false })
      else out.error(`imgsvc: the upgrade from ${result.from} to ${result.to} was given up`)
      return EXIT.generic
    }
    const startedAt = performance.now()
    const after = await successorOf(before, client)
    const took = performance.now() - startedAt
    if (args.json) out.json({ ...result, ok: true, pid: after.pid, previousPid: before.pid })
    else {
      out.line(`supervisor  pid ${before.pid} -> ${after.pid}  ${seconds(Math.max(100, took))}`)
      out.line(`imgsvc ${before.version} -> ${after.version}`)
    }
    return EXIT.ok
  },
})

/** The supervisor that has taken over. Throws UPGRADE_FAILED when the old one had to come back, or none has come. */
async function successorOf(before: SupervisorInfo, client: ControlClient): Promise<SupervisorInfo> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const info = await client.call('supervisor.info', {}).catch(() => undefined) // nobody there for a moment
    if (info && info.pid !== before.pid) return info
    if (info && info.since !== before.since) {
      const detail = `the new supervisor failed and the old one (${info.version}, pid ${info.pid}) is back; its log says why`
      throw new ImgsvcError('UPGRADE_FAILED', detail)
    }
    await pause(POLL_MS)
  }
  const detail = `no supervisor answers ${seconds(PATIENCE_MS)} after the old one left; the processes serve: \`imgsvc up\` adopts them`
  throw new ImgsvcError('UPGRADE_FAILED', detail)
}
