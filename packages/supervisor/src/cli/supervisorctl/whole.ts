import { EXIT } from '../exit-codes.ts'
import { defineVerb } from './verb.ts'

/** `shutdown`: begins to stop everything and returns; `imgsvc down` waits for the end. */
export const shutdown = defineVerb({
  name: 'shutdown',
  describe: 'Stop everything, without waiting for the end (`down` waits)',
  most: 0,
  examples: [['$0 shutdown', '']],
  run: async ({ client, cli }) => {
    await client.call('supervisor.shutdown', {})
    cli.out.line('Shut down')
    return EXIT.ok
  },
})

/** `reload`: reads the file again and restarts all processes; rolling, and the supervisor itself stays. */
export const reload = defineVerb({
  name: 'reload',
  describe: 'Read the configuration again and restart every process, one at a time',
  most: 0,
  examples: [['$0 supervisorctl reload', 'unlike `imgsvc reload`, which restarts what a changed setting needs']],
  run: async ({ client, cli: { out } }) => {
    await client.call('config.reload', {})
    const failed = (await client.call('process.restart', { select: ['all'] })).filter(({ ok }) => !ok)
    for (const { id, reason } of failed) out.error(`${id}: ${reason}`)
    if (failed.length > 0) return EXIT.notStarted
    out.line('Restarted supervisord')
    return EXIT.ok
  },
})

/** `version`: that of the running supervisor. */
export const version = defineVerb({
  name: 'version',
  describe: 'Print the version of the running supervisor',
  most: 0,
  examples: [['$0 supervisorctl version', '']],
  run: async ({ client, cli }) => {
    cli.out.line((await client.call('supervisor.info', {})).version)
    return EXIT.ok
  },
})
