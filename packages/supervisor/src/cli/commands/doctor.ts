import { readFileSync } from 'node:fs'
import type { Config } from '@imgsvc/core/config/schema'
import { createControlClient } from '../client.ts'
import { defineCommand } from '../command.ts'
import { configSource } from '../config-source.ts'
import type { Finding, Level } from '../doctor/finding.ts'
import { EXIT } from '../exit-codes.ts'
import type { Cell, Output, Tone } from '../output.ts'
import { chooseStateDir, chosenPaths } from '../state-dir.ts'
import { withConfigFile, withSettings } from './config-flags.ts'
import { withJson, withStateDir } from './selection.ts'

const TIMING = { answerMs: 1500, watchMs: 5000 }
const TONES: Readonly<Record<Level, Tone>> = { ok: 'good', warn: 'warn', fail: 'bad' }

/** `imgsvc doctor`: looks at everything imgsvc depends on, and says what to do about it. */
export const doctor = defineCommand({
  command: 'doctor',
  describe: 'Check ports, permissions, limits, disk, memory, clock, versions, configuration',
  build: (yargs) =>
    withJson(withSettings(withConfigFile(withStateDir(yargs))))
      .option('network', {
        type: 'boolean',
        default: false,
        describe: 'Also connect to the servers of sources and stores',
      })
      .example('$0 doctor', 'before the first start, and when something is odd')
      .example('$0 doctor --json --network', 'for monitoring')
      .epilogue('Exit code: 0, also with warnings; 1 when a check fails.'),
  run: async (args, cli) => {
    const [{ examine }, { lookAtChildren, lookAtSupervisor }, { thisSystem: system }, { readConfiguration }] =
      await Promise.all([
        import('../doctor/examine.ts'),
        import('../doctor/patient.ts'),
        import('../doctor/system.ts'),
        import('../doctor/configuration.ts'),
      ])
    const paths = chosenPaths(args.stateDir, cli)
    const supervisor = await lookAtSupervisor(paths, createControlClient(paths.supervisorSocket, TIMING))
    const flags = { ...args, config: args.config ?? supervisor.info?.configFile ?? undefined }
    const { file, load } = await configSource(flags, chooseStateDir(args.stateDir, cli), cli)
    const reading = readConfiguration(file, load, cli.env)
    const config = (supervisor.alive ? await inForce(paths.config) : undefined) ?? reading.loaded?.config
    const { env, uid, version } = cli
    const patient = { system, paths, uid, env, version, config, supervisor, children: lookAtChildren(paths) }
    const findings = [...reading.findings, ...(await examine(patient, args))]
    if (args.json) cli.out.json({ ok: !findings.some(isFailure), findings })
    else print(findings, cli.out)
    return findings.some(isFailure) ? EXIT.generic : EXIT.ok
  },
})

const isFailure = ({ level }: Finding) => level === 'fail'

/** What the running instance uses, which flags of its start have shaped; undefined when it may not be read. */
async function inForce(path: string): Promise<Config | undefined> {
  const { parseResolvedConfig } = await import('@imgsvc/core/config/resolved')
  try {
    return parseResolvedConfig(readFileSync(path, 'utf8'))
  } catch {
    return undefined // another user's, or another version's: the one of the next `up` has to do
  }
}

function print(findings: readonly Finding[], out: Output): void {
  const rows = findings.flatMap(({ level, check, what, todo }): Cell[][] => [
    ...what
      .split('\n')
      .map((line, index): Cell[] =>
        index === 0 ? [{ text: level, tone: TONES[level] }, check, line] : ['', '', line],
      ),
    ...(todo === undefined ? [] : [['', '', { text: `-> ${todo}`, tone: 'faint' as const }]]),
  ])
  out.table(['', 'CHECK', 'FINDING'], rows)
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length
  out.line(`${count('ok')} ok, ${amount(count('warn'), 'warning')}, ${amount(count('fail'), 'failure')}`)
}

const amount = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
