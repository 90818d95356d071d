import { execFile } from 'node:child_process'

/** Sends assignments such as `READY=1` to the init system. Rejects when that is not possible. */
export type Notify = (assignments: readonly string[]) => Promise<void>

const TIMEOUT_MS = 5000

/**
 * sd_notify(3) through `systemd-notify`, which every host with systemd has: Node has no Unix datagram sockets. The
 * message comes from a process of its own, so the unit needs `NotifyAccess=all`.
 */
export function notifyThrough(env: Readonly<Record<string, string | undefined>>, program = 'systemd-notify'): Notify {
  const { NOTIFY_SOCKET, PATH } = env
  return (assignments) =>
    new Promise((resolve, reject) => {
      execFile(program, [...assignments], { env: { NOTIFY_SOCKET, PATH }, timeout: TIMEOUT_MS }, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
}
