import { METRICS } from '@imgsvc/core/metrics'
import { code, generatedFrom, table } from './markdown.mjs'

const INTRO = `# Metrics

\`GET /metrics\` on the admin port answers the metrics of all processes in one Prometheus text. Counters and histograms
are summed over the processes of a kind. Every process adds what its runtime knows under the names below.`

/** @type {readonly (readonly [process: string, heading: string])[]} */
const PROCESSES = [
  ['balancer', 'Balancer'],
  ['worker', 'Workers'],
  ['supervisor', 'Supervisor'],
  ['every', 'Every process'],
]

/** @type {readonly import('@imgsvc/core/metrics').MetricSpec[]} */
const specs = Object.values(METRICS)

function section(/** @type {readonly [string, string]} */ [process, heading]) {
  const rows = specs
    .filter((spec) => spec.process === process)
    .map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help])
  return `## ${heading}\n\n${table(['metric', 'type', 'labels', 'meaning'], rows)}`
}

function histograms() {
  const rows = specs.flatMap(({ name, buckets }) => (buckets ? [[code(name), buckets.join(', ')]] : []))
  return `## Buckets\n\n${table(['histogram', 'upper bounds'], rows)}`
}

export const metricDocuments = [
  {
    path: 'docs/metrics.md',
    render: () =>
      `${[generatedFrom('packages/core/src/metrics.ts'), INTRO, ...PROCESSES.map(section), histograms()].join('\n\n')}\n`,
  },
]
