import { dirname } from 'node:path'
import { megabytes } from '../format.ts'
import { writtenPaths } from '../startup/written-paths.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'
import type { Room, System } from './system.ts'

const FEW = 0.1
const TOO_FEW = 0.01
const LITTLE_BYTES = 1024 ** 3
const TOO_LITTLE_BYTES = 64 * 1024 ** 2

/** Space and inodes of every directory that is written to, once per file system with the same room. */
export async function checkDisk({ config, paths, system }: Patient): Promise<readonly Finding[]> {
  const directories = [...new Set([paths.root, ...(config ? writtenPaths(config) : [])])]
  const rooms = new Map<string, { room: Room; directories: string[] }>()
  const findings: Finding[] = []
  for (const directory of directories) {
    const existing = nearest(directory, system)
    try {
      const room = await system.room(existing)
      const key = `${room.totalBytes} ${room.totalInodes} ${room.freeInodes}`
      const known = rooms.get(key)
      if (known) known.directories.push(directory)
      else rooms.set(key, { room, directories: [directory] })
    } catch (error) {
      findings.push(warn('disk', `${existing}: ${(error as Error).message}`, 'make the directory accessible'))
    }
  }
  return [...findings, ...[...rooms.values()].flatMap(({ room, directories: names }) => judge(room, names.join(', ')))]
}

function judge({ freeBytes, totalBytes, freeInodes, totalInodes }: Room, where: string): readonly Finding[] {
  const space = `${megabytes(freeBytes)} of ${megabytes(totalBytes)} free: ${where}`
  const todo = 'make room, or lower results.maxBytes, storage.maxBytes and logs.maxTotal'
  return [
    freeBytes < TOO_LITTLE_BYTES || freeBytes < totalBytes * TOO_FEW
      ? fail('disk', space, todo)
      : freeBytes < LITTLE_BYTES && freeBytes < totalBytes * FEW
        ? warn('disk', space, todo)
        : ok('disk', space),
    inodes(freeInodes, totalInodes, where),
  ]
}

function inodes(free: number, total: number, where: string): Finding {
  // btrfs and others make them as they are needed.
  if (total === 0) return ok('inodes', `as many as needed: ${where}`)
  const what = `${free} of ${total} free: ${where}`
  const todo = 'each stored picture is a file: remove old ones, or use a file system without fixed inodes'
  if (free < total * TOO_FEW) return fail('inodes', what, todo)
  return free < total * FEW ? warn('inodes', what, todo) : ok('inodes', what)
}

/** The directory itself, or where it would be made. */
function nearest(path: string, system: System): string {
  const parent = dirname(path)
  return typeof system.stat(path) === 'object' || parent === path ? path : nearest(parent, system)
}
