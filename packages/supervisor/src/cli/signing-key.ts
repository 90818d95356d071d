import { existsSync, readFileSync } from 'node:fs'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { statePaths } from '@imgsvc/core/state-dir'
import { type ConfigFlags, configSource } from './config-source.ts'
import type { Cli } from './context.ts'

/** `security.key` as its configuration writes it (`env:NAME`, `file:PATH` or the text itself), as text. Throws CONFIG_INVALID. */
export async function keyText(reference: string, cli: Cli): Promise<string> {
  const { resolveSecret } = await import('@imgsvc/core/config/secrets')
  return resolveSecret(reference, { env: cli.env, readFile: (path) => readFileSync(path, 'utf8') }, 'security.key')
}

/**
 * The signing key: --key, else `security.key` of the configuration, else the generated key in the state directory.
 * Throws CONFIG_INVALID when there is none.
 */
export async function signingKey(
  flags: Pick<ConfigFlags, 'config'> & { readonly key?: string | undefined },
  stateDir: string,
  cli: Cli,
): Promise<string> {
  if (flags.key) return flags.key
  const { file, load } = await configSource(flags, stateDir, cli)
  const { key } = load().config.security
  if (key !== '') return keyText(key, cli)
  const generated = statePaths(stateDir).key
  if (existsSync(generated)) return keyText(`file:${generated}`, cli)
  const where = file === undefined ? 'there is no configuration file' : `${file} has no security.key`
  throw new ImgsvcError('CONFIG_INVALID', `no signing key: ${where}, and ${generated} does not exist; use --key`)
}

/** The configuration with a reference to the generated key, where it has none of its own and there is one. */
export function withGeneratedKey(config: Config, stateDir: string): Config {
  const generated = statePaths(stateDir).key
  if (config.security.key !== '' || !existsSync(generated)) return config
  return { ...config, security: { ...config.security, key: `file:${generated}` } }
}
