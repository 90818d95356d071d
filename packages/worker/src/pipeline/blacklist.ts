import { quote, unquote } from '@imgsvc/core/url/percent'
import type { BlacklistText } from '../stores/blacklist-file.ts'

export interface Blacklist {
  /** The list as it is kept. */
  text(): Promise<string>
  /** Adds an entry; one that is there already is not added again. Throws BLACKLIST_FULL and STORE_FAILED. */
  add(entry: string): Promise<void>
  /** Is one of these sources (thumbor's quoted image_url) listed? */
  refuses(sources: readonly string[]): Promise<boolean>
}

/**
 * Sources the image route refuses. An entry refuses the source it names, written with or without escapes; with
 * `bySubstring` a source is refused when it occurs anywhere in the text, so that `banana.jpg` refuses `a.jpg`
 * (`thumbor/handlers/imaging.py`).
 */
export function createBlacklist(file: BlacklistText, bySubstring: () => boolean): Blacklist {
  let read = { text: '', entries: new Set<string>() }

  function entriesOf(text: string): ReadonlySet<string> {
    if (text !== read.text) read = { text, entries: new Set(text.split('\n').filter(Boolean).map(canonicalEntry)) }
    return read.entries
  }

  return {
    text: file.read,
    async add(entry) {
      if (!(await file.read()).split('\n').includes(entry)) await file.add(entry)
    },
    async refuses(sources) {
      const text = await file.read()
      if (bySubstring()) return sources.some((source) => text.includes(source))
      const entries = entriesOf(text)
      return sources.some((source) => entries.has(source))
    },
  }
}

/** `http://example.com/a b.jpg` and `http%3A//example.com/a%20b.jpg` name one source. */
function canonicalEntry(entry: string): string {
  try {
    return quote(unquote(entry))
  } catch {
    // Escapes that are not UTF-8: no source can be named so.
    return entry
  }
}
