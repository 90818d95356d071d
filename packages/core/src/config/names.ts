import type { z } from 'zod'
import { expectedOf, kindOf, quotedList, type SettingKind } from './expected.ts'
import { configSchema } from './schema.ts'
import { nodeOf, typedMembers } from './schema-node.ts'
import type { SettingMeta } from './setting.ts'

/** One setting of imgsvc.yaml. */
export interface SettingEntry {
  /** `workers.count`; settings of a list's entries are written `sources[].root`. */
  readonly path: string
  /** The `type` of the section that has this setting, where sections differ by type. */
  readonly type: string | undefined
  /** `IMGSVC_WORKERS_COUNT`; undefined within lists. */
  readonly env: string | undefined
  readonly kind: SettingKind
  /** Completes "expected …". */
  readonly expected: string
  /** As the schema states it; undefined when the setting has none. */
  readonly fallback: unknown
  /** Its section is not valid without it. */
  readonly isRequired: boolean
  readonly meta: SettingMeta
}

/** `balancer.maxBody` → `IMGSVC_BALANCER_MAX_BODY`. */
export function envNameOf(path: string): string {
  const words = path.split('.').map((word) => word.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
  return `IMGSVC_${words.join('_')}`
}

/** `balancer.maxBody` → `balancer-max-body`. */
export function flagNameOf(path: string): string {
  return path.replace(/\./g, '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** `IMGSVC_BALANCER_MAX_BODY` or `balancer-max-body` → `balancer.maxBody`; undefined when it names no setting. */
export function pathOfName(name: string): string | undefined {
  return listSettings().find(({ path, env }) => env !== undefined && (env === name || flagNameOf(path) === name))?.path
}

/** Every setting once: those that sections of several types share stand for all of them. */
export function distinctSettings(): readonly SettingEntry[] {
  const byPath = new Map<string, SettingEntry>()
  for (const setting of listSettings()) if (!byPath.has(setting.path)) byPath.set(setting.path, setting)
  return [...byPath.values()]
}

/** Every setting by type of its section, in the order of the schema. */
export function listSettings(): readonly SettingEntry[] {
  const entries: SettingEntry[] = []
  collect(configSchema, '', undefined, undefined, entries)
  return entries
}

function collect(
  wrapped: z.ZodType,
  path: string,
  type: string | undefined,
  inherited: SettingMeta | undefined,
  out: SettingEntry[],
): void {
  const node = nodeOf(wrapped)
  const kind = kindOf(wrapped)
  const meta = node.meta ?? inherited
  const members = typedMembers(node.schema)
  const below = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (members) {
    if (meta)
      out.push(
        typeEntry(
          below('type'),
          members.map((member) => member.type),
          node.fallback,
          meta,
          type,
        ),
      )
    for (const member of members) {
      for (const [key, child] of Object.entries(member.shape)) {
        if (key !== 'type') collect(child, below(key), member.type, undefined, out)
      }
    }
  } else if (kind === 'section' && !node.meta) {
    for (const [key, child] of Object.entries((node.schema as z.ZodObject).shape)) {
      collect(child as z.ZodType, below(key), type, undefined, out)
    }
  } else if (meta) {
    const env = path.includes('[]') ? undefined : envNameOf(path)
    const isRequired = !wrapped.safeParse(undefined).success
    out.push({ path, type, env, kind, expected: expectedOf(wrapped), fallback: node.fallback, isRequired, meta })
    if (kind === 'list') collectEntries((node.schema as z.ZodArray).element as z.ZodType, path, node.meta, out)
  }
}

function collectEntries(element: z.ZodType, path: string, meta: SettingMeta | undefined, out: SettingEntry[]): void {
  if (kindOf(element) === 'section') collect(element, `${path}[]`, undefined, meta, out)
}

/** `within`: the type of the section that has the union as one of its settings. */
function typeEntry(
  path: string,
  types: readonly string[],
  fallback: unknown,
  section: SettingMeta,
  within: string | undefined,
): SettingEntry {
  const isInList = path.includes('[]')
  const type = (fallback as { type?: unknown } | undefined)?.type
  return {
    path,
    type: within,
    env: isInList ? undefined : envNameOf(path),
    kind: 'choice',
    expected: quotedList(types),
    fallback: type,
    isRequired: isInList,
    meta: isInList ? { doc: 'Kind of this entry; decides its other settings.', reload: section.reload } : section,
  }
}
