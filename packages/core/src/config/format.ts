import type { SettingKind } from './expected.ts'
import { formatHostPort, type HostPort } from './setting.ts'

const SIZES = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
] as const
const DURATIONS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** Bytes in the largest unit that divides them: 10485760 → `10MB`, 1500 → `1500B`, 0 → `0`. */
export function formatBytes(bytes: number): string {
  return inUnits(bytes, SIZES, 'B')
}

/** Milliseconds in the largest unit that divides them: 86400000 → `1d`, 1500 → `1500ms`, 0 → `0`. */
export function formatDuration(ms: number): string {
  return inUnits(ms, DURATIONS, 'ms')
}

function inUnits(value: number, units: readonly (readonly [string, number])[], least: string): string {
  if (value === 0) return '0'
  const found = units.find(([, size]) => value % size === 0)
  return found ? `${value / found[1]}${found[0]}` : `${value}${least}`
}

/** A value as it would be written in imgsvc.yaml; a text that is empty is `''`. */
export function formatSetting(value: unknown, kind: SettingKind): string {
  if (kind === 'size' && typeof value === 'number') return formatBytes(value)
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value)
  if (kind === 'address' && typeof value === 'object' && value !== null) return formatHostPort(value as HostPort)
  if (value === '') return "''"
  return typeof value === 'string' ? value : JSON.stringify(value)
}
