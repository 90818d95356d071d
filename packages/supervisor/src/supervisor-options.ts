import type { Config } from '@imgsvc/core/config/schema'
import type { SupervisorInfo } from '@imgsvc/core/control'
import type { ImgsvcError } from '@imgsvc/core/errors'
import type { Roles } from './process/roles.ts'

/** A configuration with where each value came from; what `loadConfig` of core returns fits. */
export interface LoadedConfig {
  readonly config: Config
  /** Setting path → `default`, `file:…`, `env:…` or `flag:…`. */
  readonly origins: Readonly<Record<string, string>>
  /** The configuration file, absolute; undefined with the embedded default. */
  readonly file?: string | undefined
  /** Sentences for the log, such as a misspelt environment variable. */
  readonly warnings?: readonly string[] | undefined
}

/** What `runSupervisor` needs; everything it may not read by itself. */
export interface SupervisorOptions {
  /** Absolute path; made (0700) when it does not exist. */
  readonly stateDir: string
  /** Reads the configuration afresh; called at start and for every reload. Throws CONFIG_INVALID, CONFIG_UNREADABLE. */
  readonly load: () => LoadedConfig | Promise<LoadedConfig>
  /** Version of imgsvc as `version` prints it. */
  readonly version: string
  /** Called once, when the public port answers for the first time. */
  readonly onReady?: ((running: RunningSupervisor) => void) | undefined
  /** One line for the operator (a generated key, a warning at start); default: the log alone. */
  readonly print?: ((line: string) => void) | undefined
  /** Programs to start as worker and balancer; default: the built packages. */
  readonly roles?: Roles | undefined
  /** Environment handed on to the children; default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** How an upgrade replaces this supervisor; default: it cannot. */
  readonly succession?: Succession | undefined
  /** React to TERM, INT, HUP and USR2; default true. */
  readonly handleSignals?: boolean | undefined
}

/** How the code on disk takes the place of this supervisor; only who started it knows. */
export interface Succession {
  /** `successor`: a new process; `exit`: this one ends and the init system starts it again. */
  readonly kind: 'successor' | 'exit'
  /** Starts the code on disk, which loads, reads the configuration and waits. Throws UPGRADE_FAILED with what it said. */
  prepare(): Promise<Heir>
}

/** A supervisor that waits for its turn. */
export interface Heir {
  readonly version: string
  /** The programs it would start. */
  readonly roles: Roles
  /** It is not needed after all. */
  cancel(): void
}

/** Why a supervisor ended; `handover`: its processes go on without it, for a successor to adopt. */
export type StopReason =
  | { readonly kind: 'handover' }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'failed'; readonly error: ImgsvcError }

/** A supervisor at work. */
export interface RunningSupervisor {
  /** Current facts; `ready` changes, so read it when needed. */
  readonly info: () => SupervisorInfo
  /** The configuration in force, with the generated key's reference in `security.key`. */
  readonly config: () => Config
  /**
   * Resolves when the public port answers for the first time; rejects with PROCESS_FAILED (with the reason of the
   * first process that became FATAL) when it cannot. The supervisor keeps running after a rejection: the caller decides.
   */
  readonly ready: Promise<void>
  /** Resolves once everything has stopped and the state directory is free. Never rejects. */
  readonly stopped: Promise<StopReason>
  /** Graceful stop: balancers, then workers, then itself. `timeoutMs` default: `workers.stopTimeout`. Idempotent. */
  stop(timeoutMs?: number): Promise<void>
}
