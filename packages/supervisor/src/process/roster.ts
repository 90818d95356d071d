import { join } from 'node:path'
import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { ActionResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { fileNameOf, isSelected, type ProcessId, parseProcessId, parseSelector, type Role } from '@imgsvc/core/process'
import { childEnv, type StatePaths } from '@imgsvc/core/state-dir'
import { start, stop } from './actions.ts'
import { createAnnouncer, type Listener } from './announcer.ts'
import type { ChildProgram, SpawnChild } from './child.ts'
import { type Controller, createController } from './controller.ts'
import { policyOf, portOf, processId, type Roles, threadPoolSize } from './roles.ts'
import type { Survivor } from './survivors.ts'

export interface RosterOptions {
  readonly paths: StatePaths
  readonly roles: Roles
  readonly spawn: SpawnChild
  readonly clock: Clock
  readonly log: Logger
  /** The configuration in force. */
  config(): Config
  /** After every change of a process. */
  changed?(controller: Controller): void
}

/** All processes. */
export interface Roster {
  /** Balancers and workers, each by index. */
  list(role?: Role): readonly Controller[]
  /** The processes selectors stand for; all without one. Throws SELECTOR_INVALID, PROCESS_UNKNOWN. */
  select(selectors?: readonly string[]): readonly Controller[]
  /**
   * Takes over the children of an earlier supervisor, before anything else is started; one that stays silent is
   * replaced. What is missing between them comes with the next `scale`, what is too much goes with it.
   */
  adopt(survivors: readonly Survivor[]): void
  /** Adds or removes processes of a role until there are `count`; those that go are drained first. */
  scale(role: Role, count: number): Promise<ActionResult[]>
  /** Stops all: balancers first, so that nothing new arrives at the workers. `timeoutMs` replaces `stopTimeout`. */
  stopAll(timeoutMs?: number): Promise<ActionResult[]>
  close(): void
}

const DELIVERY_MS = 500

export function createRoster(options: RosterOptions): Roster {
  const { paths, roles, clock, log } = options
  const processes: Record<Role, Controller[]> = { balancer: [], worker: [] }
  /** Places between adopted processes where none was found. */
  const vacant = new Set<Controller>()
  let isAdopting = false
  let stopTimeout: number | undefined

  const announcer = createAnnouncer({
    path: paths.upstreams,
    clock,
    log,
    upstreams: () => processes.worker.map((worker) => worker.upstream()),
    listeners: () => processes.balancer.filter((balancer) => balancer.state() === 'running').map(listenerOf),
  })

  function add(role: Role, index: number): Controller {
    const controller = createController({
      ...options,
      id: processId(role, index),
      port: portOf(role, index, options.config()),
      drains: roles[role].drains,
      policy: () => {
        const policy = policyOf(roles[role], options.config())
        return stopTimeout === undefined ? policy : { ...policy, stopTimeout }
      },
      program: (id, port, generation) => programOf(options, role, { id, port, generation }),
      changed: (changed) => {
        // Half of the workers would look to the balancers like the end of the others.
        if (!isAdopting) announcer.update()
        options.changed?.(changed)
      },
      outOfRotation: () => announcer.delivered(),
    })
    processes[role].push(controller)
    return controller
  }

  function adoptRole(role: Role, survivors: readonly Survivor[]): void {
    const found = new Map(survivors.map((survivor) => [survivor.id, survivor]))
    const indices = survivors.map(({ id }) => parseProcessId(id)).filter((id) => id.role === role)
    const length = Math.max(-1, ...indices.map(({ index }) => index)) + 1
    for (const controller of Array.from({ length }, (_, index) => add(role, index))) {
      const survivor = found.get(controller.id)
      if (survivor) controller.adopt(survivor)
      else vacant.add(controller)
    }
  }

  const list = (role?: Role) => (role ? [...processes[role]] : [...processes.balancer, ...processes.worker])

  return {
    list,
    select(selectors = []) {
      if (selectors.length === 0) return list()
      const chosen = new Set(selectors.flatMap((selector) => selectOne(list(), selector)))
      return list().filter((controller) => chosen.has(controller))
    },
    adopt(survivors) {
      isAdopting = true
      try {
        // Balancers first: when a worker runs, it is already known which balancers do.
        adoptRole('balancer', survivors)
        adoptRole('worker', survivors)
      } finally {
        isAdopting = false
      }
      announcer.update()
    },
    async scale(role, count) {
      const filled = processes[role].slice(0, count).filter((controller) => vacant.delete(controller))
      const present = processes[role].length
      const added = Array.from({ length: Math.max(0, count - present) }, (_, n) => add(role, present + n))
      const leaving = processes[role].slice(count)
      const results = await Promise.all([...[...filled, ...added].map(start), ...leaving.map(stop)])
      processes[role] = processes[role].filter((controller) => !leaving.includes(controller))
      announcer.update()
      return results
    },
    async stopAll(timeoutMs) {
      stopTimeout = timeoutMs
      const balancers = await Promise.all(processes.balancer.map(stop))
      return [...balancers, ...(await Promise.all(processes.worker.map(stop)))]
    },
    close: announcer.close,
  }
}

function listenerOf(balancer: Controller): Listener {
  return {
    id: balancer.id,
    generation: balancer.generation(),
    async deliver(list) {
      await balancer.client.call('upstreams', list, { timeoutMs: DELIVERY_MS })
    },
  }
}

function selectOne(all: readonly Controller[], text: string): Controller[] {
  const selector = parseSelector(text)
  const found = all.filter((controller) => isSelected(selector, controller))
  if (found.length > 0) return found
  throw new ImgsvcError('PROCESS_UNKNOWN', `${text}; there are ${all.map(({ id }) => id).join(', ') || 'none'}`)
}

function programOf(
  { roles, paths, config }: RosterOptions,
  role: Role,
  child: { readonly id: ProcessId; readonly port: number; readonly generation: number },
): ChildProgram {
  const { entry, args = [] } = roles[role]
  const env = childEnv({ ...child, stateDir: paths.root })
  const threads = { UV_THREADPOOL_SIZE: String(threadPoolSize(config())) }
  return {
    entry,
    args,
    env: role === 'worker' ? { ...env, ...threads } : env,
    stderrFile: join(config().logs.dir, `${fileNameOf(child.id)}.stderr.log`),
  }
}
