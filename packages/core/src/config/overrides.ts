import { z } from 'zod'
import { ImgsvcError } from '../errors.ts'
import { suggest } from '../suggest.ts'
import { kindOf } from './expected.ts'
import { schemaAt, unknownSetting } from './issues.ts'
import type { Layers } from './layers.ts'
import type { Mistake } from './mistake.ts'
import { distinctSettings } from './names.ts'
import { parseYamlValue } from './parse-yaml.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** One value given on the command line. */
export interface Override {
  /** `workers.count`, `sources.0.root`. */
  readonly path: string
  readonly text: string
  /** What the operator typed, without the value: `--workers` or `--set workers.count`. */
  readonly flag: string
}

/** `workers.count=4` → an override. Throws CONFIG_INVALID when there is no `=`. */
export function parseSet(text: string): Override {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ImgsvcError('CONFIG_INVALID', `--set ${text}: expected --set NAME=VALUE such as --set workers.count=4`)
  const path = text.slice(0, at).trim()
  return { path, text: text.slice(at + 1), flag: `--set ${path}` }
}

/** Lays overrides over the layers; what cannot be read is returned as mistakes. */
export function applyOverrides(layers: Layers, overrides: readonly Override[]): readonly Mistake[] {
  return typesFirst(overrides).flatMap((override) => {
    const { path: name, text, flag } = override
    const path = name.split('.')
    const { node, depth } = schemaAt(path, layers.value)
    if (depth < path.length) return [{ where: flag, path: name, message: unknownOverride(path, depth, layers) }]
    const value = readValue(text, kindOf(node.schema))
    if ('mistake' in value) return [{ where: flag, path: name, message: value.mistake }]
    const source = { by: 'flag', flag } as const
    if (!layers.set(path, value.value, source)) return [{ where: flag, path: name, message: NO_ENTRY }]
    return []
  })
}

/** Lays `IMGSVC_<PATH>` variables over the layers; an empty variable counts as not set. */
export function applyEnvironment(layers: Layers, env: Env): readonly Mistake[] {
  const given = distinctSettings().flatMap(({ env: name, path, kind }) => {
    const text = name === undefined ? undefined : env[name]
    return name === undefined || text === undefined || text === '' ? [] : [{ name, path, kind, text }]
  })
  return typesFirst(given).flatMap(({ name, path, kind, text }) => {
    const value = readValue(text, kind)
    if ('mistake' in value) return [{ where: name, path, message: value.mistake }]
    layers.set(path.split('.'), value.value, { by: 'env', name })
    return []
  })
}

// The type of a section decides which settings it has, whatever the order they were given in.
function typesFirst<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  const sorted: T[] = []
  for (const entry of entries) {
    const section = entry.path.endsWith('.type') ? entry.path.slice(0, -'type'.length) : undefined
    const first = section === undefined ? -1 : sorted.findIndex(({ path }) => path.startsWith(section))
    sorted.splice(first === -1 ? sorted.length : first, 0, entry)
  }
  return sorted
}

// Text stands as it is: a key that looks like a number or holds `#` must not be read as YAML.
const VERBATIM = new Set(['text', 'secret', 'choice', 'address'])

function readValue(text: string, kind: ReturnType<typeof kindOf>): { value: unknown } | { mistake: string } {
  if (VERBATIM.has(kind)) return { value: text }
  try {
    return { value: parseYamlValue(text) }
  } catch (error) {
    return { mistake: (error as ImgsvcError).detail ?? (error as Error).message }
  }
}

const NO_ENTRY = 'the list has no entry of that number, and it is not the next one'

function unknownOverride(path: readonly string[], depth: number, layers: Layers): string {
  const { schema } = schemaAt(path.slice(0, depth), layers.value).node
  if (schema instanceof z.ZodArray)
    return `expected the number of an entry, such as ${path.slice(0, depth).join('.')}.0`
  const paths = distinctSettings().map((setting) => setting.path)
  const meant = depth === 0 && path.length > 1 ? suggest(path.join('.'), paths) : undefined
  if (meant) return `there is no such setting; did you mean "${meant}"?`
  return unknownSetting(path.slice(0, depth + 1), layers.value)
}

const NOT_SETTINGS = /^IMGSVC_(?:STATE_DIR|CONFIG|KEY|CHILD_.*)$/

/** Variables that look like misspelt settings, as sentences. Variables the configuration refers to (`env:NAME`) are not settings. */
export function misspeltVariables(env: Env, root: unknown): readonly string[] {
  const names = distinctSettings().flatMap((setting) => setting.env ?? [])
  const referred = new Set(referredVariables(root))
  const isKnown = (name: string) => names.includes(name) || NOT_SETTINGS.test(name) || referred.has(name)
  return Object.keys(env)
    .filter((name) => name.startsWith('IMGSVC_') && !isKnown(name))
    .sort()
    .flatMap((name) => {
      const prefix = 'IMGSVC_'.length
      const meant = suggest(
        name.slice(prefix),
        names.map((known) => known.slice(prefix)),
      )
      return meant ? [`${name} is not a setting and is ignored; did you mean IMGSVC_${meant}?`] : []
    })
}

function referredVariables(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.startsWith('env:') ? [value.slice('env:'.length)] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(referredVariables) : []
}
