import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { configJsonSchema } from '@imgsvc/core/config/json-schema'
import { builtRoles } from '../../process/roles.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'
import type { System } from './system.ts'

const LEAST: Readonly<Record<number, number>> = { 20: 19, 22: 0, 24: 0 }
const PROBE = `
const sharp = (await import('sharp')).default
process.stdout.write(JSON.stringify({ ...sharp.versions, simd: sharp.simd() }))
`

interface SharpFacts {
  readonly sharp?: string
  readonly vips?: string
  readonly simd?: boolean
}

/** Versions of everything pictures are made with; sharp is loaded in a process of its own, as in a worker. */
export async function checkVersions({ system, supervisor, version }: Patient): Promise<readonly Finding[]> {
  return [
    installed(version, supervisor.info?.version),
    node(process.versions.node),
    ok('config schema', `${schemaHash()} (imgsvc config schema)`),
    ...(await sharp(system, workerDirectory())),
  ]
}

function installed(version: string, running: string | undefined): Finding {
  if (running === undefined || running === version) return ok('imgsvc', version)
  return warn('imgsvc', `${running} runs, ${version} is installed`, '`imgsvc upgrade` rolls the new one in')
}

/** Is this a version of Node that imgsvc is tested on? */
export function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const least = LEAST[major]
  if (major < 20 || (least !== undefined && minor < least)) {
    return fail('node', `${version} is too old`, 'install Node 22 or 24, or 20.19 and above')
  }
  if (least === undefined) return warn('node', `${version} is not tested`, 'Node 20.19+, 22 and 24 are')
  return ok('node', version)
}

async function sharp(system: System, directory: string | undefined): Promise<readonly Finding[]> {
  const check = 'sharp'
  if (directory === undefined) return [fail(check, 'the worker is not built', 'npm run build')]
  const text = await system.run(process.execPath, ['--input-type=module', '--eval', PROBE], directory)
  if (text === undefined) {
    return [fail(check, `sharp cannot be loaded in ${directory}`, 'install again on this machine: npm install')]
  }
  const { sharp: version, vips, simd } = JSON.parse(text) as SharpFacts
  const slow = 'blur, resize and the like are slower than they could be on this processor'
  return [
    ok(check, `${version}, libvips ${vips}`),
    simd
      ? ok('SIMD', 'libvips uses vector instructions')
      : warn('SIMD', slow, 'use a prebuilt sharp (no VIPS_NOVECTOR)'),
  ]
}

function workerDirectory(): string | undefined {
  try {
    return dirname(builtRoles().worker.entry)
  } catch {
    return undefined // said by the finding
  }
}

function schemaHash(): string {
  return createHash('sha256').update(JSON.stringify(configJsonSchema())).digest('hex').slice(0, 12)
}
