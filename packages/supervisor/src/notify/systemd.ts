import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import type { Notify } from './notify-socket.ts'

/** What the init system is told about this supervisor (sd_notify(3)). */
export interface Systemd {
  /** The public port answers: `READY=1`; from then on the watchdog is fed. */
  ready(): void
  /** One sentence for `systemctl status`; told at most once a second. */
  status(text: string): void
  /** `RELOADING=1`, and `READY=1` once the work is over, however it ended. */
  reloading<T>(work: () => Promise<T>): Promise<T>
  /** `STOPPING=1`. */
  stopping(): void
  /** Resolves when everything has been sent. */
  close(): Promise<void>
}

export interface SystemdOptions {
  readonly notify: Notify
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  readonly clock: Clock
  readonly log: Logger
  /** Does this supervisor do its work? Never rejects. */
  healthy(): Promise<boolean>
}

const STATUS_MS = 1000
const RETRY_MS = 1000

/** For a process without NOTIFY_SOCKET: nobody is told anything. */
export const NO_SYSTEMD: Systemd = {
  ready() {},
  status() {},
  reloading: (work) => work(),
  stopping() {},
  close: async () => {},
}

/** Tells the init system in order, one message at a time. That it cannot be told is logged once and changes nothing. */
export function createSystemd(options: SystemdOptions): Systemd {
  const { clock, log } = options
  let sending: Promise<void> = Promise.resolve()
  let hasFailed = false
  let isReady = false
  let isStopping = false
  let text = ''
  let cancelStatus: (() => void) | undefined
  const watchdog = createWatchdog(options, () => send(['WATCHDOG=1']))

  function send(assignments: readonly string[]): void {
    sending = sending.then(async () => {
      try {
        await options.notify(assignments)
        hasFailed = false
      } catch (error) {
        if (!hasFailed) log.warn({ err: error }, 'the init system cannot be told (systemd-notify)')
        hasFailed = true
      }
    })
  }

  function sendReady(): void {
    send(['READY=1', ...(text === '' ? [] : [`STATUS=${text}`])])
  }

  return {
    ready() {
      isReady = true
      sendReady()
      watchdog.begin()
    },
    status(next) {
      if (next === text || isStopping) return
      text = next
      cancelStatus ??= clock.timer(STATUS_MS, () => {
        cancelStatus = undefined
        send([`STATUS=${text}`])
      })
    },
    async reloading(work) {
      if (isReady) send(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`])
      try {
        return await work()
      } finally {
        if (isReady) sendReady()
      }
    },
    stopping() {
      isReady = false
      isStopping = true
      cancelStatus?.()
      send(['STOPPING=1', 'STATUS=stopping'])
    },
    async close() {
      cancelStatus?.()
      watchdog.close()
      await sending
    },
  }
}

/** Feeds the watchdog at half of WATCHDOG_USEC while the supervisor is healthy, and looks every second while it is not. */
function createWatchdog({ env, pid, clock, log, healthy }: SystemdOptions, feed: () => void) {
  const periodMs = watchdogMs(env, pid)
  let cancel = () => {}
  let closed = false

  function beat(): void {
    // It begins by itself anew, so that a look that takes long is not overtaken by the next.
    void healthy().then((isHealthy) => {
      if (closed || periodMs === undefined) return
      if (isHealthy) feed()
      else log.error('the supervisor does not answer on its own socket: the watchdog is not fed')
      cancel = clock.timer(isHealthy ? periodMs : Math.min(periodMs, RETRY_MS), beat)
    })
  }

  return {
    begin() {
      if (periodMs !== undefined) beat()
    },
    close() {
      closed = true
      cancel()
    },
  }
}

/** Half of WATCHDOG_USEC, ms; undefined when no watchdog waits for this process (sd_watchdog_enabled(3)). */
export function watchdogMs(env: SystemdOptions['env'], pid: number): number | undefined {
  const { WATCHDOG_USEC = '', WATCHDOG_PID = '' } = env
  if (!/^[1-9]\d{0,15}$/.test(WATCHDOG_USEC)) return undefined
  if (WATCHDOG_PID !== '' && Number(WATCHDOG_PID) !== pid) return undefined
  return Number(WATCHDOG_USEC) / 2000
}
