import { z } from 'zod'
import { isCallbackName } from '../callback-name.ts'

/**
 * What every setting carries beside its type; environment names, the JSON Schema, `docs/configuration.md`,
 * reload and the masking of secrets all come from here.
 */
export interface SettingMeta {
  /** One sentence for people. */
  readonly doc: string
  readonly unit?: string
  /** `live`: applied by `reload`; `restart`: needs the processes restarted (reload does it, rolling). */
  readonly reload: 'live' | 'restart'
  /** Never printed, and may be written as `env:NAME` or `file:PATH`. */
  readonly secret?: true
  /** A path in the file system, relative to the configuration file. */
  readonly path?: true
  /** thumbor's option of the same meaning. */
  readonly thumbor?: string
}

export const settings = z.registry<SettingMeta>()

/** What a value written as text must look like; `expected` completes the sentence "expected …". */
export interface ValueShape {
  readonly kind: 'size' | 'duration' | 'address' | 'secret' | 'text'
  readonly expected: string
  /** Regular expression of the text, for editors. */
  readonly pattern?: string
}

/** Shapes of the text notations below, found again by the documents and by the sentences about mistakes. */
export const shapes = z.registry<ValueShape>()

/** Attaches the metadata to a schema. */
export function setting<S extends z.ZodType>(schema: S, meta: SettingMeta): S {
  settings.add(schema, meta)
  return schema
}

const DAY = 86_400_000
const SIZE_UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY }

interface Quantity {
  readonly kind: 'size' | 'duration'
  /** Completes "expected …". */
  readonly what: string
  readonly units: Readonly<Record<string, number>>
  readonly max: number
}

function quantity({ kind, what, units, max }: Quantity) {
  const names = Object.keys(units)
  const pattern = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${names.join('|')})$`, 'i')
  const expected = `${what} (units ${names.map((name) => (kind === 'size' ? name.toUpperCase() : name)).join(', ')})`
  const amount = (value: number | string): number => {
    // Plain numbers are accepted as they are: children read the resolved file.
    if (typeof value === 'number') return value
    const text = value.trim()
    if (text === '0') return 0
    const match = pattern.exec(text)
    return match ? Number(match[1]) * (units[(match[2] as string).toLowerCase()] as number) : Number.NaN
  }
  const schema = z.union([z.number(), z.string()]).transform((value, ctx) => {
    const result = amount(value)
    if (result >= 0 && result <= max) return Math.round(result)
    ctx.addIssue({ code: 'custom', message: `expected ${expected}, got ${JSON.stringify(value)}` })
    return z.NEVER
  })
  const anyCase = names.map((name) => name.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`))
  shapes.add(schema, { kind, expected, pattern: `^(0|\\d+(\\.\\d+)?\\s*(${anyCase.join('|')}))$` })
  return schema
}

/** `10MB` → 10485760. A plain number is bytes. */
export const bytes = () =>
  quantity({ kind: 'size', what: 'a size such as 10MB', units: SIZE_UNITS, max: Number.MAX_SAFE_INTEGER })

/** `30d` → 2592000000. A plain number is milliseconds. A century is the bound, so that every date stays valid. */
export const duration = () =>
  quantity({
    kind: 'duration',
    what: 'a duration such as 30d, at most 36500d',
    units: DURATION_UNITS,
    max: 36_500 * DAY,
  })

/** A duration a timer waits for: Node fires timers of more than 2^31 - 1 ms (24.8 days) at once. */
export const timeout = () =>
  quantity({ kind: 'duration', what: 'a duration such as 30s, at most 24d', units: DURATION_UNITS, max: 24 * DAY })

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** `0.0.0.0:8080`, `[::1]:9001`, `:8080` or `8080`. */
export const hostPort = () => {
  const expected = 'HOST:PORT such as 0.0.0.0:8080'
  const resolved = z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535) })
  const schema = z.union([z.string(), z.number(), resolved]).transform((value, ctx): HostPort => {
    if (typeof value === 'object') return value
    const parsed = parseHostPort(String(value))
    if (parsed) return parsed
    ctx.addIssue({ code: 'custom', message: `expected ${expected}, got ${JSON.stringify(value)}` })
    return z.NEVER
  })
  shapes.add(schema, { kind: 'address', expected })
  return schema
}

export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(text.trim())
  if (!match) return undefined
  const port = Number(match[2])
  if (port > 65_535) return undefined
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? '0.0.0.0' : host, port }
}

/** `host:port` for people and URLs, IPv6 in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const REFERENCE = /^env:[A-Za-z_][A-Za-z0-9_]*$|^file:./s

/** `env:NAME` and `file:PATH` stay references until a process needs the value. */
export const secret = () => {
  const expected = 'env:NAME, file:PATH or the value itself as text'
  const schema = z.string().refine((text) => !/^(env|file):/.test(text) || REFERENCE.test(text), `expected ${expected}`)
  shapes.add(schema, { kind: 'secret', expected })
  return schema
}

/** Permissions that new files do not get, octal; text, because YAML reads 027 as twenty-seven. */
export const umask = () => {
  const expected = 'octal digits in quotes such as "027"'
  const schema = z.string().regex(/^[0-7]{3,4}$/, `expected ${expected}`)
  shapes.add(schema, { kind: 'text', expected })
  return schema
}

function textLike(expected: string, isRight: (text: string) => boolean) {
  const schema = z.string().refine(isRight, `expected ${expected}`)
  shapes.add(schema, { kind: 'text', expected })
  return schema
}

/** A range of addresses: `10.0.0.0/8` or `fd00::/8`. */
export const networkRange = () => {
  const range = z.union([z.cidrv4(), z.cidrv6()])
  return textLike('a range of addresses such as 10.0.0.0/8 or fd00::/8', (text) => range.safeParse(text).success)
}

/** `img.example.com`, or `*.example.org` for every host below it; no scheme, port or path. */
export const hostPattern = () =>
  textLike(
    'a host such as img.example.com or *.example.org',
    (text) => /^(?:\*\.)?[^\s/@*?#]+$/.test(text) && !/:\d*$/.test(text),
  )

/** The URL of a server, or nothing. */
export const serverUrl = () =>
  textLike(
    'a URL such as http://127.0.0.1:9000',
    (text) => text === '' || (/^https?:/i.test(text) && URL.canParse(text)),
  )

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/

/** The name of a bucket of S3. */
export const bucketName = () => textLike('the name of a bucket such as my-photos', (text) => BUCKET.test(text))

/** The name of a bucket of S3, or nothing. */
export const bucketNameOrNone = () =>
  textLike("the name of a bucket such as my-photos, or ''", (text) => text === '' || BUCKET.test(text))

/** The name of a JavaScript function, or nothing. */
export const functionName = () =>
  textLike('the name of a JavaScript function such as showPicture', (text) => text === '' || isCallbackName(text))

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The name of an HTTP header. */
export const headerName = () => textLike('the name of a header such as X-Api-Key', (text) => TOKEN.test(text))

/** The value of an HTTP header, or nothing. */
export const headerValue = () =>
  textLike('visible ASCII such as https://www.example.com', (text) => /^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(text))

/** The path of a URL, as it is received. */
export const urlPath = () => textLike('a path such as /healthcheck', (text) => /^\/(?:[!-~](?<![?#]))*$/.test(text))
