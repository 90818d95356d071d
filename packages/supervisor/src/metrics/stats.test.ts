import { METRICS } from '@imgsvc/core/metrics'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { statsOf } from './stats.ts'

test('the counters of a worker, from its own metrics', async () => {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  const requests = new Counter({ name: METRICS.imageRequests.name, help: 'x', labelNames: ['status'], registers })
  requests.inc({ status: '200' }, 5)
  requests.inc({ status: '404' }, 2)
  const durations = new Histogram({ name: METRICS.imageDuration.name, help: 'x', buckets: [0.1, 1], registers })
  for (const seconds of [0.05, 0.5, 0.6, 7]) durations.observe(seconds)
  const caches = new Counter({ name: METRICS.cacheResults.name, help: 'x', labelNames: ['cache', 'result'], registers })
  caches.inc({ cache: 'results', result: 'hit' }, 3)
  caches.inc({ cache: 'results', result: 'miss' }, 1)
  caches.inc({ cache: 'originals', result: 'hit' }, 100)
  new Gauge({ name: METRICS.renderQueue.name, help: 'x', registers }).set(4)
  expect(statsOf({ id: 'worker:0' }, 7, await registry.getMetricsAsJSON(), 10)).toEqual({
    ...{ id: 'worker:0', pid: 7, at: 10, requests: 7, lookups: 4, hits: 3, queue: 4 },
    durations: { bounds: [0.1, 1], counts: [1, 2, 1] },
  })
})

test('all status classes of a balancer together; what it does not count is null', async () => {
  const registers = [new Registry()]
  const durations = new Histogram({
    ...{ name: METRICS.httpDuration.name, help: 'x', buckets: [1], labelNames: ['status_class'], registers },
  })
  durations.observe({ status_class: '2xx' }, 0.5)
  durations.observe({ status_class: '5xx' }, 2)
  const metrics = await (registers[0] as Registry).getMetricsAsJSON()
  expect(statsOf({ id: 'balancer:0' }, 7, metrics, 10)).toMatchObject({
    ...{ requests: 0, hits: null, lookups: null, queue: null },
    durations: { bounds: [1], counts: [1, 1] },
  })
})

test('nonsense from a socket counts as nothing', () => {
  const metrics = [{ name: METRICS.imageRequests.name, values: [{ value: null, labels: {} }, null] }, {}]
  expect(statsOf({ id: 'worker:0' }, 7, metrics, 0)).toMatchObject({ requests: 0, durations: null })
})
