import type { Clock } from '@imgsvc/core/clock'
import { addition, BLACKLIST_BYTES, type BlacklistText } from './blacklist-file.ts'
import type { ObjectStore } from './store.ts'

/** ms; for so long a worker trusts what it read: every image request asks, and a bucket is far away. */
const TRUSTED = 2_000

/**
 * The blacklist as one object. An addition reads and writes it whole, so of two that different workers make in the same
 * moment one may get lost; those of one worker take turns. Other workers see it `TRUSTED` ms later.
 */
export function createBlacklistObject(store: ObjectStore, name: string, clock: Clock): BlacklistText {
  const io = { signal: new AbortController().signal, maxBytes: BLACKLIST_BYTES }
  let known: { readonly at: number; readonly text: Promise<string> } | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function fetchText(): Promise<string> {
    const text = store.get(name, io).then((found) => found?.bytes.toString() ?? '')
    const fetched = { at: clock.monotonic(), text }
    known = fetched
    // A failure is not remembered: the next request asks again.
    text.catch(() => {
      if (known === fetched) known = undefined
    })
    return text
  }

  async function append(line: string): Promise<void> {
    const text = await fetchText()
    const bytes = Buffer.from(text + addition(text, line, BLACKLIST_BYTES))
    await store.put?.(name, { bytes, modifiedAt: undefined, contentType: 'text/plain' }, io)
    known = undefined
  }

  return {
    read: () => (known && clock.monotonic() - known.at < TRUSTED ? known.text : fetchText()),
    add(line) {
      const added = turn.then(() => append(line))
      turn = added.catch(() => undefined) // its caller is told; the next one may have more luck
      return added
    },
  }
}
