// The load: closed loops over keep-alive connections, every answer checked.
import autocannon from 'autocannon'
import { Pool } from 'undici'
import { MISS_WORKLOADS, missPath } from './workloads.mjs'

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

async function fetchPicture(pool, path) {
  const { statusCode, headers, body } = await pool.request({ path, method: 'GET' })
  const bytes = (await body.arrayBuffer()).byteLength
  if (statusCode !== 200 || bytes !== Number(headers['content-length'])) {
    throw new Error(`${path}: status ${statusCode}, ${bytes} of ${headers['content-length']} bytes`)
  }
  return headers
}

/** `requests` distinct pictures, `connections` at a time; throws on anything but a whole 200 that was a miss. */
export async function measureMisses(instance, { requests, connections, path }) {
  const pool = new Pool(instance.base, { connections })
  const times = []
  let left = requests
  const from = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) {
        const began = performance.now()
        const headers = await fetchPicture(pool, instance.sign(path()))
        if (headers['x-cache'] !== 'MISS') throw new Error(`expected a miss, got ${headers['x-cache']}`)
        times.push(performance.now() - began)
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  await pool.close()
  times.sort((a, b) => a - b)
  return { perSecond: requests / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

/** The same pictures asked again and again, by workload. */
export async function measureHits(instance, { seconds, connections }) {
  const pool = new Pool(instance.base, { connections: 4 })
  const results = []
  for (const workload of MISS_WORKLOADS) {
    const path = instance.sign(missPath(workload, -1))
    let headers = await fetchPicture(pool, path)
    // A picture is kept right after its answer; wait until it is.
    for (let tries = 0; tries < 200 && headers['x-cache'] !== 'HIT'; tries++) headers = await fetchPicture(pool, path)
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
  await pool.close()
  return results
}
