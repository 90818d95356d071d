// The load: closed loops over keep-alive connections, every answer checked.
import autocannon from 'autocannon'
import { connect } from './client.mjs'
import { MISS_WORKLOADS, missPath } from './workloads.mjs'

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

async function fetchPicture(connection, path) {
  const { status, headers, bytes } = await connection.get(path)
  if (status !== 200 || bytes !== Number(headers['content-length'])) {
    throw new Error(`${path}: status ${status}, ${bytes} of ${headers['content-length']} bytes`)
  }
  return headers
}

/** `requests` distinct pictures, `connections` at a time; throws on anything but a whole 200 that was a miss. */
export async function measureMisses(instance, { requests, connections, path }) {
  const all = await Promise.all(Array.from({ length: connections }, () => connect(instance.base)))
  const times = []
  let left = requests
  const from = performance.now()
  await Promise.all(
    all.map(async (connection) => {
      while (left-- > 0) {
        const began = performance.now()
        const headers = await fetchPicture(connection, instance.sign(path()))
        if (headers['x-cache'] !== 'MISS') throw new Error(`expected a miss, got ${headers['x-cache']}`)
        times.push(performance.now() - began)
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  for (const connection of all) connection.close()
  times.sort((a, b) => a - b)
  return { perSecond: requests / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

/** The same pictures asked again and again, by workload. */
export async function measureHits(instance, { seconds, connections }) {
  const connection = await connect(instance.base)
  const results = []
  for (const workload of MISS_WORKLOADS) {
    const path = instance.sign(missPath(workload, -1))
    let headers = await fetchPicture(connection, path)
    // A picture is kept right after its answer; wait until it is.
    for (let tries = 0; tries < 200 && headers['x-cache'] !== 'HIT'; tries++)
      headers = await fetchPicture(connection, path)
    if (headers['x-cache'] !== 'HIT') throw new Error(`${path} never became a hit`)
    const run = await autocannon({ url: `${instance.base}${path}`, connections, duration: seconds })
    results.push({
      workload: workload.name,
      perSecond: run.requests.average,
      p50: run.latency.p50,
      p99: run.latency.p99,
      failed: run.non2xx + run.errors + run.timeouts,
    })
  }
  connection.close()
  return results
}
