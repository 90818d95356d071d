import { ImgsvcError } from './errors.ts'

/** What a child is for. */
export type Role = 'worker' | 'balancer'

/** `worker:0`, `worker:1`, …, `balancer:0`. */
export type ProcessId = `${Role}:${number}`

/** supervisord's state names (`supervisor/states.py`), in lower case inside the code. */
export type ProcState = 'stopped' | 'starting' | 'running' | 'backoff' | 'stopping' | 'exited' | 'fatal'

/** What the operator wants, kept apart from what is (s6 `flagwantup`). */
export type Want = 'up' | 'down'

/** How a child ended. Code and signal are both null when nobody can know: the child was adopted, not forked. */
export interface Exit {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  /** Epoch ms. */
  readonly at: number
}

/** Files and sockets of a process carry its id with `-` for `:` (`worker-2.sock`). */
export function fileNameOf(id: string): string {
  return id.replace(':', '-')
}

/** Role and index of an id. Throws SELECTOR_INVALID when it is none. */
export function parseProcessId(id: string): { role: Role; index: number } {
  const match = /^(worker|balancer):(\d{1,4})$/.exec(id)
  if (!match) throw new ImgsvcError('SELECTOR_INVALID', `"${id}" is not a process id such as worker:2`)
  return { role: match[1] as Role, index: Number(match[2]) }
}

export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'role'; readonly role: Role }
  | { readonly kind: 'number'; readonly role: Role; readonly number: number }

/**
 * Selector grammar of the CLI and the control API: `all`, `worker` (or `worker:*`, as supervisord writes it), `balancer`,
 * `worker:2` (index) or `worker:8002` (port; any number from 1024 on is a port). Throws SELECTOR_INVALID.
 */
export function parseSelector(text: string): Selector {
  if (text === 'all') return { kind: 'all' }
  const match = /^(worker|balancer)(?::(?:\*|(\d{1,5})))?$/.exec(text)
  if (!match) {
    throw new ImgsvcError('SELECTOR_INVALID', `"${text}"; expected all, worker, balancer, worker:2 or worker:8002`)
  }
  const role = match[1] as Role
  return match[2] === undefined ? { kind: 'role', role } : { kind: 'number', role, number: Number(match[2]) }
}

/** Does a process fall under a selector? */
export function isSelected(selector: Selector, process: { id: ProcessId; port: number }): boolean {
  if (selector.kind === 'all') return true
  const { role, index } = parseProcessId(process.id)
  if (selector.role !== role) return false
  if (selector.kind === 'role') return true
  return selector.number >= 1024 ? process.port === selector.number : index === selector.number
}
