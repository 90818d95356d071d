import { readFileSync } from 'node:fs'
import { resolveSecrets } from '@imgsvc/core/config/secrets'
import { toImgsvcError } from '@imgsvc/core/errors'
import type { LoadedConfig } from '../../supervisor-options.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const CHECK = 'configuration'

/** What came of reading the configuration, its secrets included; they are looked up and forgotten. */
export interface ConfigReading {
  readonly loaded: LoadedConfig | undefined
  readonly findings: readonly Finding[]
}

/** Reads the configuration as `up` would. Never throws. */
export function readConfiguration(
  file: string | undefined,
  load: () => LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): ConfigReading {
  let loaded: LoadedConfig
  try {
    loaded = load()
  } catch (error) {
    const { message } = toImgsvcError(error)
    return { loaded: undefined, findings: [fail(CHECK, message, 'correct it: imgsvc config check')] }
  }
  const findings: Finding[] = (loaded.warnings ?? []).map((text) => warn(CHECK, text, 'correct it or take it out'))
  try {
    resolveSecrets(loaded.config, { env, readFile: (path) => readFileSync(path, 'utf8') })
    findings.push(ok(CHECK, `${file ?? 'the built-in one'} is valid, and every secret can be read`))
  } catch (error) {
    const { detail, message } = toImgsvcError(error)
    const todo = 'set it where imgsvc is started; a service has an environment of its own (docs/systemd.md)'
    findings.push(fail(CHECK, `a secret cannot be read: ${detail ?? message}`, todo))
  }
  return { loaded, findings }
}
