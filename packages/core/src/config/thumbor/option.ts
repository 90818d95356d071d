import { ImgsvcError } from '../../errors.ts'

/** A value of thumbor.conf as Python's literals come to; None is null. */
export type ThumborValue = null | boolean | number | string | readonly ThumborValue[]

/** The options of one thumbor.conf. */
export type ThumborConf = Readonly<Record<string, ThumborValue>>

/**
 * The value of a setting for the value of an option, as it would be written in imgsvc.yaml; undefined leaves the default.
 * Some depend on other options. Throws CONFIG_INVALID for what cannot be taken over and must not be left out either.
 */
export type Convert = (value: ThumborValue, conf: ThumborConf) => unknown

/** Whose option it is: thumbor's own, or that of one of its AWS plug-ins. */
export type ThumborSource = 'thumbor' | 'tc_aws' | 'thumbor_aws'

/** One option of thumbor.conf. Its settings are those whose metadata name it, and those of `also`. */
export interface ThumborOption {
  readonly name: string
  readonly source: ThumborSource
  /** thumbor's default, in Python's words. */
  readonly fallback: string
  /** For the settings whose metadata name it; absent: taken as it is, null left out. */
  readonly as?: Convert | undefined
  /** Further settings by name (`settingName`). */
  readonly also?: Readonly<Record<string, Convert>> | undefined
  /** What differs; of an option without a setting, why there is none. */
  readonly note?: string | undefined
}

export type OptionDetails = Pick<ThumborOption, 'as' | 'also' | 'note'>

/** An option of thumbor itself. */
export function option(name: string, fallback: string, details: OptionDetails = {}): ThumborOption {
  return { name, source: 'thumbor', fallback, ...details }
}

/** An option that has no setting, and why. */
export function without(name: string, fallback: string, note: string): ThumborOption {
  return option(name, fallback, { note })
}

/** As it is; None is the default of either program. */
export const same: Convert = (value) => value ?? undefined

/** s → text of a duration; None and 0 are 0, which is never or none. */
export const seconds: Convert = (value) => (typeof value === 'number' && value > 0 ? `${value}s` : 0)

/** s → text of a duration; None leaves the default. */
export const timeLimit: Convert = (value) => (typeof value === 'number' && value > 0 ? `${value}s` : undefined)

/** Numbers from 1 on; others leave the default. */
export const positive: Convert = (value) => (typeof value === 'number' && value >= 1 ? Math.floor(value) : undefined)

/** Text or list; None, False and nothing leave the default. */
export const unlessEmpty: Convert = (value) =>
  value === null || value === false || value === '' || (Array.isArray(value) && value.length === 0) ? undefined : value

/** The given value when the option is on. */
export const whenOn =
  (on: unknown): Convert =>
  (value) =>
    value ? on : undefined

/** Python modules by name; None is `none`. Throws CONFIG_INVALID for a module that is not known. */
export const byModule =
  (modules: Readonly<Record<string, unknown>>, none: unknown = undefined): Convert =>
  (value) => {
    if (value === null || value === '') return none
    const name = String(value)
    if (Object.hasOwn(modules, name)) return modules[name]
    throw new ImgsvcError('CONFIG_INVALID', `${name}: expected one of ${Object.keys(modules).join(', ')}`)
  }

/** A list of Python modules, each once. Throws CONFIG_INVALID for one that is not known. */
export const listOf =
  (convert: Convert): Convert =>
  (value, conf) => [...new Set([value ?? []].flat().map((one) => convert(one as ThumborValue, conf)))]
