import type { ChildProcess } from './child-process.ts'

/*
 * A spare is a child that was started ahead: everything is loaded, but it has no id, no port and no socket yet. Until it
 * gets them it talks with its supervisor over the IPC channel of the fork, which no other child does: a spare is of no
 * use to anybody else, and the closing of that channel tells it to go.
 */

/** Marks a spare in its environment. */
const MARK = 'IMGSVC_CHILD_SPARE'

/** What a spare is told. `become`: the environment of the child it is from now on. */
export type SpareOrder =
  | { readonly spare: 'become'; readonly env: Readonly<Record<string, string>> }
  | { readonly spare: 'ping' }

/** What it says. `rss` is its resident memory, bytes. */
export type SpareWord = { readonly spare: 'waiting'; readonly rss: number } | { readonly spare: 'became' }

/** Added to the environment of a spare; the names of the other variables are those of `childEnv`. */
export const SPARE_ENV: Readonly<Record<string, string>> = { IMGSVC_CHILD_ID: 'worker:spare', [MARK]: '1' }

/** Was this process started to wait? */
export function isSpare(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[MARK] === '1'
}

/**
 * Waits for the order to become a child; resolves to its environment. Ends the process when the supervisor goes or
 * sends SIGTERM before.
 */
export function untilCalled(child: ChildProcess): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve) => {
    const leave = () => void child.exit(0)
    // Nobody there to hear it: `disconnect` follows.
    const say = (word: SpareWord) => process.send?.(word, () => {})
    const hear = (order: unknown) => {
      if (!isOrder(order)) return
      if (order.spare === 'ping') {
        say({ spare: 'waiting', rss: process.memoryUsage.rss() })
        return
      }
      process.off('message', hear)
      process.off('disconnect', leave)
      child.stop.removeEventListener('abort', leave)
      say({ spare: 'became' })
      resolve({ ...order.env, [MARK]: '' })
    }
    process.on('message', hear)
    process.once('disconnect', leave)
    child.stop.addEventListener('abort', leave, { once: true })
    if (!process.connected || child.stop.aborted) leave()
    else say({ spare: 'waiting', rss: process.memoryUsage.rss() })
  })
}

function isOrder(value: unknown): value is SpareOrder {
  const order = value as Partial<SpareOrder> | null
  return typeof order === 'object' && (order?.spare === 'become' || order?.spare === 'ping')
}

/** Is it something a spare says? */
export function isSpareWord(value: unknown): value is SpareWord {
  const word = value as Partial<SpareWord> | null
  return typeof word === 'object' && (word?.spare === 'waiting' || word?.spare === 'became')
}
