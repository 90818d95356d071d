import { constants } from 'node:os'

const SIGNALS = constants.signals as Readonly<Record<string, number>>

/** The signal that `SIGTERM`, `TERM`, `term` or `15` stands for; undefined when this system has none of that name. */
export function signalOf(text: string): NodeJS.Signals | undefined {
  const word = text.toUpperCase()
  if (/^[1-9]\d?$/.test(word)) return nameOf(([, number]) => number === Number(word))
  const name = word.startsWith('SIG') ? word : `SIG${word}`
  return nameOf(([known]) => known === name)
}

function nameOf(matches: (entry: readonly [string, number]) => boolean): NodeJS.Signals | undefined {
  return Object.entries(SIGNALS).find(matches)?.[0] as NodeJS.Signals | undefined
}
