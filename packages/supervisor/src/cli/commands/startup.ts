import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ImgsvcError } from '@imgsvc/core/errors'
import { defineCommand } from '../command.ts'
import { configSource } from '../config-source.ts'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { installUnit, removeUnit, UNIT, UNIT_DIR } from '../startup/install.ts'
import { unitText } from '../startup/unit.ts'
import { chooseStateDir } from '../state-dir.ts'
import { withConfigFile } from './config-flags.ts'
import { withStateDir } from './selection.ts'

const LOW_PORTS = 1024

/** `imgsvc startup`: a systemd unit, so that the service starts with the machine. */
export const startup = defineCommand({
  command: 'startup',
  describe: 'Write a systemd unit, so that the service starts with the machine',
  build: (yargs) =>
    withConfigFile(withStateDir(yargs))
      .option('user', { alias: 'u', type: 'string', requiresArg: true, describe: 'Account it runs as [default: root]' })
      .option('print', { type: 'boolean', describe: 'Print the unit and change nothing' })
      .option('uninstall', { type: 'boolean', describe: 'Remove the unit' })
      .option('unit-dir', { type: 'string', requiresArg: true, default: UNIT_DIR, describe: 'Where units are' })
      .conflicts('uninstall', 'print')
      .example('sudo $0 startup --user imgsvc --config /etc/imgsvc/imgsvc.yaml', '')
      .example('$0 startup --print', 'what it would be'),
  run: async (args, cli) => {
    const { out } = cli
    const dir = resolve(cli.cwd, args.unitDir)
    if (args.uninstall) return uninstall(dir, cli)
    const stateDir = chooseStateDir(args.stateDir, cli)
    const { file, load } = await configSource(args, stateDir, cli)
    const { config } = load()
    const { writtenPaths } = await import('../startup/written-paths.ts')
    const text = unitText({
      node: process.execPath,
      program: cli.program,
      stateDir,
      config: file,
      user: args.user,
      writes: writtenPaths(config),
      lowPort: [config.listen, config.admin.listen].some(({ port }) => port > 0 && port < LOW_PORTS),
    })
    if (args.print) {
      out.line(text.trimEnd())
      return EXIT.ok
    }
    if (args.user !== undefined) await requireUser(args.user)
    const installed = installUnit(dir, text)
    out.line(installed === 'unchanged' ? `${join(dir, UNIT)} is as it should be` : `wrote ${join(dir, UNIT)}`)
    if (args.user === undefined) out.error('imgsvc: the service runs as root; another account is safer: --user NAME')
    for (const line of nextSteps(installed === 'changed')) out.line(line)
    return EXIT.ok
  },
})

function nextSteps(isChange: boolean): readonly string[] {
  const start = isChange
    ? ['systemctl restart imgsvc          # stops and starts everything']
    : ['systemctl enable --now imgsvc     # start now, and with the machine']
  return ['next:', ...['systemctl daemon-reload', ...start, 'systemctl status imgsvc'].map((line) => `  ${line}`)]
}

function uninstall(dir: string, { out }: Cli): number {
  if (!removeUnit(dir)) {
    out.line(`there is no ${join(dir, UNIT)}`)
    return EXIT.ok
  }
  out.line(`removed ${join(dir, UNIT)}`)
  // The unit is gone, what systemd started from it is not.
  out.line('next:')
  out.line('  systemctl disable --now imgsvc')
  out.line('  systemctl daemon-reload')
  return EXIT.ok
}

/** Throws STARTUP_REFUSED when there is no such account: systemd would only find out at the start. */
async function requireUser(user: string): Promise<void> {
  try {
    await promisify(execFile)('id', ['-u', '--', user])
  } catch (error) {
    throw new ImgsvcError(
      'STARTUP_REFUSED',
      `there is no user "${user}"; make one: useradd --system --shell /usr/sbin/nologin ${user}`,
      { cause: error },
    )
  }
}
