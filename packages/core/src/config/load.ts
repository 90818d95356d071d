import { dirname, resolve } from 'node:path'
import { ImgsvcError } from '../errors.ts'
import { deepFreeze } from './freeze.ts'
import { mistakesOf, type Provenance, placeOf } from './issues.ts'
import { keyPairMistakes } from './key-pairs.ts'
import { createLayers, type Source } from './layers.ts'
import { formatMistakes, type Mistake } from './mistake.ts'
import { applyEnvironment, applyOverrides, type Env, misspeltVariables, type Override } from './overrides.ts'
import type { ConfigFile } from './parse-yaml.ts'
import { absolutePaths } from './paths.ts'
import { portMistakes } from './ports.ts'
import { readConfigFile } from './read-file.ts'
import { type Config, configSchema } from './schema.ts'
import { storageMistakes } from './storage-needs.ts'
import { walkValues } from './values.ts'

/** `default`, `file:/etc/imgsvc.yaml:12`, `env:IMGSVC_LISTEN` or `flag:--set workers.count`. */
export type Origin = 'default' | `file:${string}` | `env:${string}` | `flag:--${string}`

/** Where the configuration comes from, weakest first: defaults, file, environment, flags. */
export interface LoadOptions {
  /** YAML file; without it only the other layers count. */
  readonly file?: string | undefined
  readonly env: Env
  /** Values of flags: text by path (shown as `--set path`), or overrides that name their flag. */
  readonly flags?: Readonly<Record<string, string>> | readonly Override[] | undefined
  /** Absolute directory that relative paths start from when there is no file; with one it is the directory of the file. */
  readonly base: string
  /** Values beneath the file, in the notation of the file. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined
}

export interface LoadedConfig {
  /** Deeply frozen. */
  readonly config: Config
  /** Who wrote each value, by path (`workers.count`, `sources.0.root`). */
  readonly origins: Readonly<Record<string, Origin>>
  /** The file that was read, absolute. */
  readonly file: string | undefined
  /** Sentences for the operator: nothing that stops the start. */
  readonly warnings: readonly string[]
}

/**
 * Reads and checks the whole configuration. Throws CONFIG_UNREADABLE, or CONFIG_INVALID whose detail
 * lists all mistakes, one per line, each with its place: `imgsvc.yaml:12:7: workers.count: expected …`.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const file =
    options.file === undefined ? undefined : readConfigFile(resolve(options.base, options.file), options.file)
  const base = file ? dirname(resolve(options.base, file.path)) : options.base
  const layers = createLayers()
  layers.merge(options.defaults, () => ({ by: 'default' }))
  if (file) layers.merge(withoutEmptySections(file.value), (path) => sourceIn(file, path))
  const provenance = { layers, file }
  const misread = [
    ...(file?.mistakes ?? []),
    ...applyEnvironment(layers, options.env),
    ...applyOverrides(layers, toOverrides(options.flags)),
  ]
  const parsed = configSchema.safeParse(layers.value)
  const mistakes = [
    ...misread,
    ...(parsed.success ? crossMistakes(parsed.data, provenance) : mistakesOf(parsed.error.issues, provenance)),
  ]
  if (!parsed.success || mistakes.length > 0) throw new ImgsvcError('CONFIG_INVALID', formatMistakes(mistakes))
  const config = deepFreeze(absolutePaths(parsed.data, base))
  return {
    config,
    origins: originsOf(config, provenance, options.base),
    file: file && resolve(options.base, file.path),
    warnings: misspeltVariables(options.env, layers.value),
  }
}

function toOverrides(flags: LoadOptions['flags']): readonly Override[] {
  if (!flags) return []
  if (Array.isArray(flags)) return flags as readonly Override[]
  return Object.entries(flags as Readonly<Record<string, string>>).map(([path, text]) => ({
    path,
    text,
    flag: `--set ${path}`,
  }))
}

// `sources:` with every line beneath it commented out is an absent section, not a mistake.
function withoutEmptySections(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSection = (key: string) => Object.hasOwn(configSchema.shape, key) && key !== 'listen'
  return Object.fromEntries(Object.entries(value).filter(([key, inner]) => inner !== null || !isSection(key)))
}

function sourceIn(file: ConfigFile, path: readonly string[]): Source {
  const position = file.positionOf(path, 'value') ?? { line: 1, column: 1 }
  return { by: 'file', path: file.path, ...position }
}

function crossMistakes(config: Config, provenance: Provenance): readonly Mistake[] {
  return [...portMistakes(config), ...storageMistakes(config), ...keyPairMistakes(config)].map((mistake) => ({
    ...placeOf((mistake.path ?? '').split(/[.[\]]+/), provenance),
    ...mistake,
  }))
}

function originsOf(config: Config, { layers }: Provenance, base: string): Record<string, Origin> {
  const origins: Record<string, Origin> = {}
  for (const { path } of walkValues(config)) origins[path] = originOf(layers.writerOf(path), base)
  return Object.freeze(origins)
}

function originOf(source: Source | undefined, base: string): Origin {
  if (source?.by === 'file') return `file:${resolve(base, source.path)}:${source.line}`
  if (source?.by === 'env') return `env:${source.name}`
  if (source?.by === 'flag') return `flag:--${source.flag.replace(/^--/, '')}`
  return 'default'
}
