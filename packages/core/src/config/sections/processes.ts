import { z } from 'zod'
import { bytes, duration, setting, timeout, urlPath } from '../setting.ts'
import { accountSettings } from './account.ts'
import { launchSettings } from './launch.ts'

/** The worker processes: how many, where they listen, when they count as failed. */
export const workers = z
  .strictObject({
    count: setting(z.union([z.literal('auto'), z.int().min(1).max(256)]).default('auto'), {
      doc: 'Number of worker processes. `auto`: one per core, at least 2.',
      reload: 'live',
    }),
    spare: setting(z.int().min(0).max(1).default(1), {
      doc: 'Worker processes kept loaded but idle: one takes the place of a worker that dies. 0 saves its memory, some 50 MB.',
      reload: 'live',
    }),
    basePort: setting(z.int().min(1).max(65_535).default(8000), {
      doc: 'Worker i listens on 127.0.0.1 at this port + i.',
      reload: 'restart',
    }),
    renders: setting(z.union([z.literal('auto'), z.int().min(1).max(64)]).default('auto'), {
      doc: 'Pictures rendered at once per worker. `auto`: cores ÷ workers + 1.',
      reload: 'restart',
      thumbor: 'ENGINE_THREADPOOL_SIZE',
    }),
    queue: setting(z.int().min(0).max(100_000).default(500), {
      doc: 'Requests that may wait for a render slot per worker; more are answered 503.',
      reload: 'live',
    }),
    startTimeout: setting(timeout().default(30_000), {
      doc: 'A worker that is not ready after this long counts as failed.',
      reload: 'live',
    }),
    stopTimeout: setting(timeout().default(10_000), {
      doc: 'Time a stopping process gets to finish its requests before SIGKILL.',
      reload: 'live',
    }),
    stableAfter: setting(timeout().default(10_000), {
      doc: 'Running this long forgives earlier failures.',
      reload: 'live',
    }),
    startRetries: setting(z.int().min(0).max(1000).default(10), {
      doc: 'Failures in a row before a process is FATAL and left alone.',
      reload: 'live',
    }),
    startSeconds: setting(timeout().default(0), {
      doc: 'A process must stay up this long before it counts as RUNNING (supervisord: startsecs); 0 is as soon as it is ready.',
      reload: 'live',
    }),
    autoRestart: setting(z.union([z.boolean(), z.literal('unexpected')]).default(true), {
      doc: 'Start a process again that ended by itself: `true`, `false`, or only after an exit code that is not in `exitCodes`.',
      reload: 'live',
    }),
    exitCodes: setting(z.array(z.int().min(0).max(255)).default([0]), {
      doc: 'Exit codes that are expected (`autoRestart: unexpected`).',
      reload: 'live',
    }),
    crashLimit: setting(z.int().min(1).max(1000).default(5), {
      doc: 'Ends of a process after it was RUNNING that make it FATAL when they fall into `crashWindow`.',
      reload: 'live',
    }),
    crashWindow: setting(timeout().default(60_000), {
      doc: 'Time over which `crashLimit` counts.',
      reload: 'live',
    }),
    fatalRetry: setting(timeout().default(60_000), {
      doc: 'A FATAL process is tried again this often while another one of its role is RUNNING; 0 is never.',
      reload: 'live',
    }),
    hangTimeout: setting(timeout().default(5_000), {
      doc: 'A process that has not answered for this long is killed and replaced; after about 1 s it gets no requests. 0: never killed.',
      reload: 'live',
    }),
    stopSignal: setting(z.enum(['TERM', 'QUIT', 'KILL']).default('TERM'), {
      doc: 'Signal that ends a process once it is idle.',
      reload: 'live',
    }),
    killAsGroup: setting(z.boolean().default(true), {
      doc: 'Kill what a process has started and left behind when it ends.',
      reload: 'live',
    }),
    maxMemory: setting(bytes().default(0), {
      doc: 'A worker whose resident memory comes near this is replaced without losing a request; 0 is no cap.',
      unit: 'bytes',
      reload: 'live',
    }),
    maxAge: setting(duration().default(0), {
      doc: 'A worker is replaced after this time, give or take a tenth, one at a time; 0 is never.',
      reload: 'live',
    }),
    maxRequests: setting(z.int().min(0).max(1_000_000_000).default(0), {
      doc: 'A worker is replaced after this many requests, give or take a tenth, one at a time; 0 is never.',
      reload: 'live',
    }),
    deadline: setting(timeout().default(60_000), {
      doc: 'Longest time one request may take in a worker, queue included.',
      reload: 'live',
    }),
    ...accountSettings,
    ...launchSettings(300),
  })
  .prefault({})

/** The balancer processes in front of the workers. */
export const balancer = z
  .strictObject({
    count: setting(z.int().min(1).max(16).default(1), {
      doc: 'Number of balancer processes sharing the public port.',
      reload: 'restart',
    }),
    policy: setting(z.enum(['round-robin']).default('round-robin'), {
      doc: 'How a worker is chosen. `round-robin`: smooth weighted round robin, as nginx.',
      reload: 'live',
    }),
    healthcheck: setting(urlPath().default('/healthcheck'), {
      doc: 'Path that answers WORKING while any worker is ready, with or without a slash behind it.',
      reload: 'live',
      thumbor: 'HEALTHCHECK_ROUTE',
    }),
    maxBody: setting(bytes().default(10 * 1024 ** 2), {
      doc: 'Largest request body; more is answered 413.',
      unit: 'bytes',
      reload: 'live',
    }),
    connectTimeout: setting(timeout().default(5_000), {
      doc: 'Time to connect to a worker.',
      reload: 'live',
    }),
    responseTimeout: setting(timeout().default(65_000), {
      doc: 'Time to the first byte of a worker answer; then 504.',
      reload: 'live',
    }),
    idleTimeout: setting(timeout().default(60_000), {
      doc: 'Longest pause within a worker answer.',
      reload: 'live',
    }),
    headersTimeout: setting(timeout().default(10_000), {
      doc: 'Time a client gets to send its request headers.',
      reload: 'restart',
    }),
    keepAliveTimeout: setting(timeout().default(75_000), {
      doc: 'How long an idle client connection is kept.',
      reload: 'restart',
    }),
    maxSockets: setting(z.int().min(1).max(10_000).default(256), {
      doc: 'Connections to one worker, at most.',
      reload: 'restart',
    }),
    ...accountSettings,
    ...launchSettings(-500),
  })
  .prefault({})
