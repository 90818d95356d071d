// The service against sharp alone: `pnpm bench`. Starts a fresh instance on free ports, measures it against a bare sharp loop with
// the same settings and the same parallelism in the same run, prints a table and writes JSON. Bounded: it
// stops by itself after a fixed number of requests, and takes the instance down whatever happens.
//
//   node ops/bench/main.mjs [--requests 120] [--rounds 5] [--workers 2] [--connections 16] [--json FILE]
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { startBare } from './bare.mjs'
import { startInstance } from './instance.mjs'
import { measureHits, measureMisses } from './load.mjs'
import { table } from './table.mjs'
import { MISS_WORKLOADS, missPath } from './workloads.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '120' },
    rounds: { type: 'string', default: '5' },
    workers: { type: 'string', default: '2' },
    connections: { type: 'string', default: '16' },
    json: { type: 'string', default: 'ops/bench/out/latest.json' },
  },
})
const requests = Number(values.requests)
const rounds = Number(values.rounds)
const workers = Number(values.workers)
const connections = Number(values.connections)

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

const instance = await startInstance({ workers })
const bare = startBare({ parallel: instance.renders })
try {
  let unique = 0
  // A service runs for weeks; its first seconds, while V8 is still compiling, are not what is measured. Small pictures
  // go through the same code in a fraction of the time.
  const small = { width: 24, height: 16, format: 'jpeg' }
  await measureMisses(instance, { requests: 4000, connections, path: () => missPath(small, unique++, 'rocket.jpg') })
  await bare.run({ ...small, requests: 1000 })
  const misses = []
  for (const workload of MISS_WORKLOADS) {
    const pairs = []
    // In turn, so that a machine that gets slower meanwhile slows both.
    for (let round = -1; round < rounds; round++) {
      const service = await measureMisses(instance, { requests, connections, path: () => missPath(workload, unique++) })
      const loop = await bare.run({ ...workload, requests })
      // The first round warms code and caches up and does not count.
      if (round >= 0) pairs.push({ service, bare: loop, ratio: service.perSecond / loop.perSecond })
    }
    misses.push({
      workload: workload.name,
      servicePerSecond: median(pairs.map((pair) => pair.service.perSecond)),
      barePerSecond: median(pairs.map((pair) => pair.bare.perSecond)),
      ratio: median(pairs.map((pair) => pair.ratio)),
      lowestRatio: Math.min(...pairs.map((pair) => pair.ratio)),
      p50: median(pairs.map((pair) => pair.service.p50)),
      p99: median(pairs.map((pair) => pair.service.p99)),
      pairs,
    })
  }
  const hits = await measureHits(instance, { seconds: 5, connections: 32 })

  const overall = misses.reduce((product, miss) => product * miss.ratio, 1) ** (1 / misses.length)
  const report = {
    machine: { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version },
    settings: { requests, rounds, workers, rendersPerWorker: instance.renders / workers, connections },
    misses,
    ratio: overall,
    hits,
  }
  await mkdir(dirname(values.json), { recursive: true })
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)

  console.log(
    table(
      ['misses', 'service req/s', 'bare op/s', 'ratio', 'lowest', 'p50 ms', 'p99 ms'],
      misses.map((miss) => [
        miss.workload,
        miss.servicePerSecond.toFixed(1),
        miss.barePerSecond.toFixed(1),
        miss.ratio.toFixed(3),
        miss.lowestRatio.toFixed(3),
        miss.p50.toFixed(1),
        miss.p99.toFixed(1),
      ]),
    ),
  )
  console.log(`\nservice/bare over all misses: ${overall.toFixed(3)} (to reach: 0.85)\n`)
  console.log(
    table(
      ['hits', 'req/s', 'p50 ms', 'p99 ms', 'failed'],
      hits.map((hit) => [
        hit.workload,
        hit.perSecond.toFixed(0),
        hit.p50.toFixed(2),
        hit.p99.toFixed(2),
        String(hit.failed),
      ]),
    ),
  )
  console.log(`\nwritten to ${values.json}`)
} finally {
  bare.stop()
  await instance.stop()
}
