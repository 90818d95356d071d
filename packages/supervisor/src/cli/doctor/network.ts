import { connect } from 'node:net'
import type { Config } from '@imgsvc/core/config/schema'
import { walkValues } from '@imgsvc/core/config/values'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'

const CHECK = 'network'
const CONNECT_MS = 3000

interface Target {
  readonly what: string
  readonly host: string
  readonly port: number
}

/** Can every server that the configuration names be connected to? Nothing is sent. */
export async function checkNetwork({ config }: Patient): Promise<readonly Finding[]> {
  if (!config) return []
  const targets = targetsOf(config)
  if (targets.length === 0) return [ok(CHECK, 'the configuration names no server')]
  return Promise.all(
    targets.map(async ({ what, host, port }) => {
      const problem = await connectTo(host, port)
      if (problem === undefined) return ok(CHECK, `${what}: ${host}:${port} answers`)
      const todo = 'look at its name, at firewalls, and at the proxy settings of this machine'
      // A host on the list need not be there now; without its bucket nothing goes.
      const level = what.startsWith('sources') && what.endsWith('allow') ? warn : fail
      return level(CHECK, `${what}: ${host}:${port}: ${problem}`, todo)
    }),
  )
}

/** Endpoints of S3 and hosts of `allow` lists; patterns such as *.example.org name no server. */
export function targetsOf(config: Config): readonly Target[] {
  const hosts = config.sources.flatMap((source, index) => {
    if (source.type !== 'http') return []
    const names = source.allow.filter((pattern) => !pattern.includes('*'))
    return names.map((host) => ({ what: `sources.${index}.allow`, host, port: 443 }))
  })
  const sections = new Map<string, { bucket?: string; region?: string; endpoint?: string }>()
  for (const { path, value } of walkValues(config)) {
    const [, section, name] = /^(.*)\.(bucket|region|endpoint)$/.exec(path) ?? []
    if (section === undefined || name === undefined || typeof value !== 'string') continue
    sections.set(section, { ...sections.get(section), [name]: value })
  }
  const buckets = [...sections].flatMap(([what, { bucket, region = 'us-east-1', endpoint }]) => {
    if (bucket === undefined) return []
    const url = new URL(endpoint || `https://s3.${region}.amazonaws.com`)
    return [{ what, host: url.hostname, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) }]
  })
  return [...hosts, ...buckets]
}

function connectTo(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const done = (problem: string | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(problem)
    }
    const timer = setTimeout(() => done(`no connection within ${CONNECT_MS / 1000} s`), CONNECT_MS)
    socket.on('connect', () => done(undefined))
    socket.on('error', (error) => done(error.message))
  })
}
