import type { Config } from '@imgsvc/core/config/schema'
import { formatHostPort, type HostPort } from '@imgsvc/core/config/setting'

export interface ReadyFacts {
  readonly config: Config
  readonly stateDir: string
  readonly version: string
  readonly configFile: string | undefined
  /** A signed path with its leading slash that answers a picture; undefined when none is known. */
  readonly picture: string | undefined
  readonly detached: boolean
  /** How the command is called where this one was: `imgsvc` or `npx imgsvc`. */
  readonly command: string
  /** Flags a later command needs to find this instance: ` --state-dir /x`, or ''. */
  readonly stateFlag: string
}

/** What `up` says once the service answers: where it is, how to sign, how to stop. */
export function readyLines(facts: ReadyFacts): readonly string[] {
  const { config, command, stateFlag } = facts
  const base = browsable(config.listen)
  const sample = facts.picture === undefined ? 'PICTURE.jpg' : 'coffee.png'
  // The signing key is where the configuration says, so a later command has to be told which one.
  const configFlag = facts.configFile === undefined ? '' : ` --config ${facts.configFile}`
  const rows: (readonly [string, string])[] = [
    ['picture', facts.picture === undefined ? `${base}/…` : `${base}${facts.picture}`],
    ['sign', `${command} sign 300x200/smart/${sample}${configFlag}${stateFlag}`],
    ['admin', `${browsable(config.admin.listen)}/`],
    ['config', facts.configFile ?? 'built-in default'],
    ['state', facts.stateDir],
    ['stop', facts.detached ? `${command} down${stateFlag}` : `Ctrl-C, or: ${command} down${stateFlag}`],
  ]
  return [`imgsvc ${facts.version} is ready`, ...rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`)]
}

/** An address to click on: a wildcard host is reached as loopback. */
export function browsable({ host, port }: HostPort): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${formatHostPort({ host: reached, port })}`
}
