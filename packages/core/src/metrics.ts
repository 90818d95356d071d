/** Every metric, once: name, kind, help, labels and buckets. `docs/metrics.md` is generated from this. */
export interface MetricSpec {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram, seconds or bytes as the name says. */
  readonly buckets?: readonly number[]
  readonly process: 'supervisor' | 'balancer' | 'worker' | 'every'
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const

export const METRICS = {
  httpRequests: {
    name: 'imgsvc_http_requests_total',
    type: 'counter',
    help: 'Answers of the public port by method and status.',
    labels: ['method', 'status'],
    process: 'balancer',
  },
  httpDuration: {
    name: 'imgsvc_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request to the last byte of its answer, at the public port.',
    labels: ['status_class'],
    buckets: SECONDS,
    process: 'balancer',
  },
  httpInFlight: {
    name: 'imgsvc_http_in_flight',
    type: 'gauge',
    help: 'Requests under way at the public port.',
    labels: [],
    process: 'balancer',
  },
  upstreamTries: {
    name: 'imgsvc_upstream_tries_total',
    type: 'counter',
    help: 'Requests sent to workers by worker and outcome (ok, refused, reset, timeout, aborted, withdrawn).',
    labels: ['worker', 'outcome'],
    process: 'balancer',
  },
  upstreamRetries: {
    name: 'imgsvc_upstream_retries_total',
    type: 'counter',
    help: 'Requests sent again to another worker.',
    labels: [],
    process: 'balancer',
  },
  upstreamUp: {
    name: 'imgsvc_upstream_up',
    type: 'gauge',
    help: '1 while the balancer routes to this worker.',
    labels: ['worker'],
    process: 'balancer',
  },
  imageRequests: {
    name: 'imgsvc_image_requests_total',
    type: 'counter',
    help: 'Image requests a worker answered, by status.',
    labels: ['status'],
    process: 'worker',
  },
  imageDuration: {
    name: 'imgsvc_image_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the beginning of a request in a worker to the end of its answer.',
    labels: [],
    buckets: SECONDS,
    process: 'worker',
  },
  stageDuration: {
    name: 'imgsvc_stage_duration_seconds',
    type: 'histogram',
    help: 'Time by stage: queue, fetch, decode, detect, render, encode.',
    labels: ['stage'],
    buckets: SECONDS,
    process: 'worker',
  },
  cacheResults: {
    name: 'imgsvc_cache_requests_total',
    type: 'counter',
    help: 'Look-ups by cache (results, originals, detections) and result (hit, miss, coalesced, error).',
    labels: ['cache', 'result'],
    process: 'worker',
  },
  rendersInFlight: {
    name: 'imgsvc_renders_in_flight',
    type: 'gauge',
    help: 'Pictures being rendered.',
    labels: [],
    process: 'worker',
  },
  renderQueue: {
    name: 'imgsvc_render_queue_length',
    type: 'gauge',
    help: 'Requests waiting for a render slot.',
    labels: [],
    process: 'worker',
  },
  renderedBytes: {
    name: 'imgsvc_rendered_bytes_total',
    type: 'counter',
    help: 'Bytes of finished pictures by format.',
    labels: ['format'],
    process: 'worker',
  },
  detections: {
    name: 'imgsvc_detections_total',
    type: 'counter',
    help: 'Pictures a detector looked at, by detector and outcome (found, nothing, failed, timeout, busy).',
    labels: ['detector', 'outcome'],
    process: 'worker',
  },
  detectionDuration: {
    name: 'imgsvc_detection_duration_seconds',
    type: 'histogram',
    help: 'Time a detector took for a picture, waiting for its thread included.',
    labels: ['detector'],
    buckets: SECONDS,
    process: 'worker',
  },
  detectorThreads: {
    name: 'imgsvc_detector_threads',
    type: 'gauge',
    help: 'Detector threads that are running (0 or 1 per worker).',
    labels: [],
    process: 'worker',
  },
  filtersIgnored: {
    name: 'imgsvc_filters_ignored_total',
    type: 'counter',
    help: 'Filters that were ignored because they are unknown or their arguments are not valid.',
    labels: [],
    process: 'worker',
  },
  processRestarts: {
    name: 'imgsvc_process_restarts_total',
    type: 'counter',
    help: 'Starts of a process after its first.',
    labels: ['process'],
    process: 'supervisor',
  },
  processUp: {
    name: 'imgsvc_process_up',
    type: 'gauge',
    help: '1 while the process is RUNNING.',
    labels: ['process'],
    process: 'supervisor',
  },
  logRotations: {
    name: 'imgsvc_log_rotations_total',
    type: 'counter',
    help: 'Log rotations by result (ok, failed).',
    labels: ['result'],
    process: 'supervisor',
  },
  logRawDropped: {
    name: 'imgsvc_log_raw_dropped_bytes_total',
    type: 'counter',
    help: 'Bytes of raw output (stderr.log) dropped because they came faster than `logs.maxRate`.',
    labels: ['process'],
    process: 'supervisor',
  },
  logCompressions: {
    name: 'imgsvc_log_compressions_total',
    type: 'counter',
    help: 'Rotated log files compressed, by result (ok, failed).',
    labels: ['result'],
    process: 'supervisor',
  },
  logBytes: {
    name: 'imgsvc_log_disk_bytes',
    type: 'gauge',
    help: 'Disk space of all log files.',
    labels: [],
    process: 'supervisor',
  },
  hookEvents: {
    name: 'imgsvc_hook_events_total',
    type: 'counter',
    help: 'Events for hooks (webhook, exec) by result (ok, failed, dropped).',
    labels: ['hook', 'result'],
    process: 'supervisor',
  },
  scrapeMisses: {
    name: 'imgsvc_scrape_misses_total',
    type: 'counter',
    help: 'Times a process did not answer with its metrics and was left out.',
    labels: ['process'],
    process: 'supervisor',
  },
  logDropped: {
    name: 'imgsvc_log_dropped_lines_total',
    type: 'counter',
    help: 'Log lines dropped because the disk failed or they came faster than `logs.maxRate`.',
    labels: ['process'],
    process: 'every',
  },
  processRss: {
    name: 'imgsvc_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
    labels: ['process'],
    process: 'every',
  },
  processCpu: {
    name: 'imgsvc_process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time used.',
    labels: ['process'],
    process: 'every',
  },
  loopLag: {
    name: 'imgsvc_process_event_loop_lag_seconds',
    type: 'gauge',
    help: 'p99 of the event-loop delay since the last scrape.',
    labels: ['process'],
    process: 'every',
  },
} as const satisfies Record<string, MetricSpec>
