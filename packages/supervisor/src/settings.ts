import { readFileSync } from 'node:fs'
import { configHash } from '@imgsvc/core/config/resolved'
import type { Config } from '@imgsvc/core/config/schema'
import { resolveSecrets } from '@imgsvc/core/config/secrets'
import { type Accounts, accountsOf } from './accounts.ts'
import { withSecurityKey } from './security-key.ts'
import type { LoadedConfig, SupervisorOptions } from './supervisor-options.ts'

/** The configuration in force and what follows from it. */
export interface Settings {
  readonly loaded: LoadedConfig
  readonly hash: string
  /** The token itself, not its reference. */
  readonly adminToken: string
  /** The secret of the webhook itself, not its reference. */
  readonly hookSecret: string
  /** Whom the processes run as. */
  readonly accounts: Accounts
  /** A signing key was made just now. */
  readonly keyGenerated: boolean
}

export interface SettingsSource {
  readonly load: SupervisorOptions['load']
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where a generated signing key is kept. */
  readonly keyPath: string
}

/**
 * Reads the configuration afresh, gives it a signing key and looks every secret up, so that a missing one is found
 * before any process depends on it. Throws CONFIG_INVALID, CONFIG_UNREADABLE, STATE_DIR_UNUSABLE.
 */
export async function readSettings({ load, env, keyPath }: SettingsSource): Promise<Settings> {
  const loaded = await load()
  const accounts = accountsOf(loaded.config)
  const { config, generated } = withSecurityKey(loaded.config, keyPath)
  const { admin, hooks } = resolveSecrets(config, { env, readFile: (path) => readFileSync(path, 'utf8') })
  return {
    loaded: { ...loaded, config },
    hash: configHash(config),
    adminToken: admin.token,
    hookSecret: hooks.webhookSecret,
    accounts,
    keyGenerated: generated,
  }
}

/** The same settings with another configuration. */
export function withConfig(settings: Settings, config: Config): Settings {
  return { ...settings, loaded: { ...settings.loaded, config }, hash: configHash(config) }
}
