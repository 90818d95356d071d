// How fast a killed worker is noticed and serves again: `node ops/bench/restart.mjs [--kills 8] [--workers 2] [--spare 1]`.
// Starts a fresh instance on free ports, kills worker:1 with SIGKILL once it has been up for a while, and reads in the log of the
// supervisor when it noticed and when the next one was ready. Bounded, and takes the instance down whatever happens.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startInstance } from './instance.mjs'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '8' },
    workers: { type: 'string', default: '2' },
    spare: { type: 'string', default: '1' },
  },
})
const kills = Number(values.kills)
const TARGET = 'worker:1'
const LIMIT_MS = 30_000

// More kills in a minute than the crash budget allows.
const instance = await startInstance({
  workers: Number(values.workers),
  set: ['workers.crashLimit=1000', 'workers.stableAfter=1s', `workers.spare=${values.spare}`],
})

/** The changes of state of the target since a moment, from the supervisor's log. */
async function changesSince(time) {
  const text = await readFile(join(instance.logs, 'supervisor.log'), 'utf8')
  return text
    .split('\n')
    .filter((line) => line.includes('state changed'))
    .map((line) => JSON.parse(line))
    .filter(({ process: id, time: at }) => id === TARGET && Date.parse(at) >= time)
    .map(({ time: at, ...change }) => ({ ...change, time: Date.parse(at) }))
}

async function until(what, look) {
  const end = performance.now() + LIMIT_MS
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > end) throw new Error(`waited ${LIMIT_MS} ms in vain: ${what}`)
    await pause(20)
  }
}

const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * q)]

try {
  const noticed = []
  const ready = []
  let pid = (await until('it runs', () => changesSince(0).then((all) => all.find(({ to }) => to === 'running'))))
    .childPid
  for (let n = 0; n < kills; n++) {
    // Longer than stableAfter is set to, and than the next spare takes: the next one starts at once.
    await pause(4000)
    const at = Date.now()
    process.kill(pid, 'SIGKILL')
    const running = await until('it runs again', async () =>
      (await changesSince(at)).find(({ to, childPid }) => to === 'running' && childPid !== pid),
    )
    const [first] = await changesSince(at)
    noticed.push(first.time - at)
    ready.push(running.time - at)
    pid = running.childPid
  }
  for (const [name, numbers] of Object.entries({ noticed, 'ready again': ready })) {
    const [median, slowest] = [quantile(numbers, 0.5), Math.max(...numbers)]
    process.stdout.write(`${name.padEnd(12)} median ${median} ms, slowest ${slowest} ms (${kills} kills)\n`)
  }
} finally {
  await instance.stop()
}
