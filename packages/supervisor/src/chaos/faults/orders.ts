import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a process under the rig is told to do wrong. `exit-at-boot`: throws this message before it runs anything.
 * `exit-when-ready`: ends with code 1 `afterMs` after it serves. `leak`: memory that stays. `flood`: bytes to stderr.
 * `block`: the event loop stands still. `abort`: as native code does. `grandchildren`: `sleep` processes of its own.
 * `clock`: the wall clock is off by so much.
 */
export type Order =
  | { readonly fault: 'exit-at-boot'; readonly message: string }
  | { readonly fault: 'exit-when-ready'; readonly afterMs: number }
  | { readonly fault: 'leak'; readonly bytesPerSecond: number; readonly maxBytes: number }
  | { readonly fault: 'flood'; readonly bytesPerSecond: number; readonly seconds: number }
  | { readonly fault: 'block'; readonly ms: number }
  | { readonly fault: 'abort' }
  | { readonly fault: 'grandchildren'; readonly count: number }
  | { readonly fault: 'clock'; readonly offsetMs: number }

/** Where orders for a target lie: a process id, a role, `supervisor` or `all`. */
export function orderFile(dir: string, target: string): string {
  return join(dir, `${target.replace(':', '-')}.json`)
}

/** The order for a process, the most particular one first; undefined when there is none. */
export function readOrder(dir: string, id: string): Order | undefined {
  for (const target of [id, id.split(':', 1)[0] as string, 'all']) {
    try {
      return JSON.parse(readFileSync(orderFile(dir, target), 'utf8')) as Order
    } catch {
      // No order of this name, or one that is just being written: looked for again at the next tick.
    }
  }
  return undefined
}
