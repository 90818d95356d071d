/** What yargs hands to `coerce`: nothing, a text, or a list when the flag was given twice. */
export type Typed = string | readonly string[] | undefined

/** A yargs `coerce` for whole numbers in a range; throws a sentence that names the argument. */
export function wholeNumber(name: string, min: number, max: number) {
  return (typed: Typed): number => {
    const text = once(name, typed) ?? ''
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new Error(`${name}: expected a whole number from ${min} to ${max}, got "${text}"`)
  }
}

/** A yargs `coerce` for seconds, fractions allowed; gives milliseconds. */
export function secondsAsMs(name: string) {
  return (typed: Typed): number | undefined => {
    const text = once(name, typed)
    if (text === undefined) return undefined
    const value = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value > 0) return Math.ceil(value * 1000)
    throw new Error(`${name}: expected seconds such as 30, got "${text}"`)
  }
}

/** The one text a flag was given with; throws when there are several. */
export function once(name: string, typed: Typed): string | undefined {
  if (typed === undefined || typeof typed === 'string') return typed
  throw new Error(`${name} was given twice`)
}
