import { nothingLost } from '../bars.ts'
import type { CliResult } from '../cli.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** Two seconds of patience and the start of a Node program on a busy machine. */
const ANSWER_MS = 3000

/** Row 36: the command line against a supervisor that hangs or is dead. */
export const silentSupervisor: Row = {
  number: 36,
  title: '`imgsvc status --json` while the supervisor is stopped, then killed',
  bar: 'an answer within 2 s (and the start of the command) from the state files, exit code 4, valid JSON',
  others: {
    supervisord: 'exit code 4 or 7; hangs for ever on SIGSTOP',
    pm2: 'starts a new daemon; hangs on SIGSTOP',
    nginx: 'has no status command',
  },
  isQuick: false,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const supervisor = await instance.supervisorPid()
    stage.fault()
    process.kill(supervisor, 'SIGSTOP')
    const hung = await instance.cli('status', '--json')
    stage.strike(supervisor, 'SIGKILL')
    await stage.until(() => instance.up().signalCode !== null, 5000)
    const dead = await instance.cli('status', '--json')
    await stage.after(performance.now() - stage.faultAt() + 500)
    verify(stage, 'hung', hung)
    verify(stage, 'dead', dead)
    nothingLost(stage)
  },
}

function verify(stage: Stage, name: string, { code, stdout, stderr, ms }: CliResult): void {
  stage.check(`${name}: exit code 4`, code === 4, `${code}: ${stderr.trim()}`)
  stage.speed(`${name}: answers in time`, ms <= ANSWER_MS, `${ms} ms`)
  const ids = listedIn(stdout)
  const all = Array.from({ length: stage.instance.workers }, (_, index) => `worker:${index}`)
  stage.check(
    `${name}: lists the processes as JSON`,
    all.every((id) => ids.includes(id)),
    ids.join(', ') || 'no JSON',
  )
}

function listedIn(text: string): readonly string[] {
  try {
    const value = JSON.parse(text) as readonly { readonly id?: string }[]
    return Array.isArray(value) ? value.map(({ id }) => id ?? '') : []
  } catch {
    return [] // not JSON: the check says so
  }
}
