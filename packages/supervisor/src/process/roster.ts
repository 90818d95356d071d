import type { ChildMethods, UpstreamEntry } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { ActionResult } from '@imgsvc/core/control'
import type { Crash } from '@imgsvc/core/crash'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { StateEvent } from '@imgsvc/core/events'
import type { Logger } from '@imgsvc/core/log'
import { isSelected, parseProcessId, parseSelector, type Role } from '@imgsvc/core/process'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { settingsMode } from '../account-files.ts'
import type { Accounts } from '../accounts.ts'
import { start, stop } from './actions.ts'
import { createAnnouncer, type Listener } from './announcer.ts'
import type { ChildProgram, SpawnChild } from './child.ts'
import type { Controller } from './controller.ts'
import { createController } from './create-controller.ts'
import { type HeldBack, holdBack } from './held-back.ts'
import { programOf, spareProgramOf } from './program.ts'
import { policyOf, portOf, processId, type Roles } from './roles.ts'
import type { Trial } from './surge.ts'
import { createSurges, type Surges } from './surges.ts'
import type { Survivor } from './survivors.ts'

export interface RosterOptions {
  readonly paths: StatePaths
  readonly roles: Roles
  readonly spawn: SpawnChild
  readonly clock: Clock
  readonly log: Logger
  /** The configuration in force. */
  config(): Config
  /** Whom processes run as; default: as this one. */
  readonly accounts?: Accounts | undefined
  /** After every change of a process. */
  changed?(controller: Controller): void
  /** A process has answered a heartbeat. */
  beat?(controller: Controller): void
  /** The state of a process has changed. */
  moved?(change: StateEvent): void
  /** A process has ended against its will. */
  crashed?(crash: Crash): void
}

/** All processes. */
export interface Roster extends HeldBack, Surges {
  /** Balancers and workers, each by index; surge workers come last. */
  list(role?: Role): readonly Controller[]
  /** How many there are of a role, without surge workers. */
  count(role: Role): number
  /** The processes selectors stand for; all without one. Throws SELECTOR_INVALID, PROCESS_UNKNOWN. */
  select(selectors?: readonly string[]): readonly Controller[]
  /**
   * Takes over the children of an earlier supervisor, before anything else is started; one that stays silent is
   * replaced. What is missing between them comes with the next `scale`, what is too much goes with it.
   */
  adopt(survivors: readonly Survivor[]): void
  /** Programs of all children that start from now on. */
  useRoles(roles: Roles): void
  /**
   * Adds or removes processes of a role until there are `count`; those that go are drained first, as are surge workers
   * that stand in for another one.
   */
  scale(role: Role, count: number): Promise<ActionResult[]>
  /** Stops all: balancers first, so that nothing new arrives at the workers. `timeoutMs` replaces `stopTimeout`. */
  stopAll(timeoutMs?: number): Promise<ActionResult[]>
  /** How a worker is started that waits to take another one's place; undefined when there is to be none. */
  spareProgram(): ChildProgram | undefined
  /** At least one worker runs, and no process is on its way up or down. */
  isCalm(): boolean
  /** Saves the list of workers for balancers again when its file was removed. */
  restore(): void
  /** Leaves all children to another supervisor, as if this one had died. */
  letGo(): void
  close(): void
}

const DELIVERY_MS = 500

export function createRoster(options: RosterOptions): Roster {
  const { paths, clock, log } = options
  let { roles } = options
  const processes: Record<Role, Controller[]> = { balancer: [], worker: [] }
  /** Places between adopted processes where none was found. */
  const vacant = new Set<Controller>()
  let isAdopting = false
  let stopTimeout: number | undefined

  const announcer = createAnnouncer({
    path: paths.upstreams,
    mode: settingsMode(options.accounts ?? {}),
    clock,
    log,
    upstreams: () => upstreamsOf(list('worker')),
    listeners: () => processes.balancer.filter((balancer) => balancer.state() === 'running').map(listenerOf),
  })
  /** As long as a balancer serves on the socket of an earlier supervisor, no other one can have the port. */
  function siblingOn(port: number): RpcClient<ChildMethods> | undefined {
    const isSibling = (balancer: Controller) => balancer.life()?.isAdopted && balancer.port === port
    return processes.balancer.find((balancer) => balancer.state() === 'running' && isSibling(balancer))?.client
  }

  const heldBack = holdBack({ update: announcer.update, delivered: announcer.delivered })
  const surges = createSurges({
    first: () => ({
      index: processes.worker.length,
      port: portOf('worker', processes.worker.length, options.config()),
    }),
    make: ({ index, port }, trial) => make('worker', index, { port, trial, isSurge: true }),
    removed: announcer.update,
    log,
  })

  function add(role: Role, index: number): Controller {
    const controller = make(role, index, { port: portOf(role, index, options.config()) })
    processes[role].push(controller)
    return controller
  }

  const inForce = () => ({ paths, roles, config: options.config, accounts: options.accounts })

  function make(role: Role, index: number, { port: at, trial, isSurge = false }: Place): Controller {
    return createController({
      ...options,
      id: processId(role, index),
      port: at,
      isSurge,
      isHeld: heldBack.isHeld,
      sibling: () => (role === 'balancer' ? siblingOn(at) : undefined),
      drains: roles[role].drains,
      policy: () => {
        const hasHealthyPeer = processes[role].some((peer) => peer.id !== processId(role, index) && isServing(peer))
        const policy = policyOf(roles[role], options.config(), { hasHealthyPeer, jitter: Math.random() })
        return stopTimeout === undefined ? policy : { ...policy, stopTimeout }
      },
      program: (id, port, generation) => programOf(inForce(), role, { id, port, generation }, trial?.()),
      changed: (changed) => {
        surges.changed(changed)
        // Half of the workers would look to the balancers like the end of the others.
        if (!isAdopting) announcer.update()
        options.changed?.(changed)
      },
      outOfRotation: () => announcer.delivered(),
    })
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

  function list(role?: Role): readonly Controller[] {
    if (role === 'balancer') return [...processes.balancer]
    const workers = [...processes.worker, ...surges.list()]
    return role === 'worker' ? workers : [...processes.balancer, ...workers]
  }

  return {
    ...heldBack,
    ...surges,
    list,
    count: (role) => processes[role].length,
    useRoles(next) {
      roles = next
    },
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
      if (role === 'worker') await surges.removeSurges()
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
      return [...balancers, ...(await Promise.all(list('worker').map(stop)))]
    },
    spareProgram: () => spareProgramOf(inForce()),
    isCalm: () => processes.worker.some(isServing) && !list().some(isMoving),
    restore: announcer.restore,
    letGo() {
      announcer.close()
      for (const controller of list()) controller.letGo()
    },
    close: announcer.close,
  }
}

const isMoving = (controller: Controller) => ['starting', 'stopping'].includes(controller.state())
const isServing = (controller: Controller) => controller.state() === 'running' && !controller.isLost()

/** When every worker that could serve hangs, they stay in rotation: better one that may wake up than none. */
function upstreamsOf(workers: readonly Controller[]): readonly UpstreamEntry[] {
  const upstreams = workers.map((worker) => worker.upstream())
  if (upstreams.some(({ state }) => state === 'up')) return upstreams
  return workers.map((worker) => worker.upstream({ evenIfLost: true }))
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

/** Where a process goes; `trial`: what a canary tries before the others have it. */
interface Place {
  readonly port: number
  readonly trial?: (() => Trial | undefined) | undefined
  readonly isSurge?: boolean
}
