import type { Config } from './config/schema.ts'

/** Number of worker processes; `auto` is one per core, at least 2. */
export function workerCount({ workers }: Pick<Config, 'workers'>, cores: number): number {
  return workers.count === 'auto' ? Math.max(2, cores) : workers.count
}

/** Pictures one worker renders at once; `auto` keeps every core busy while one picture more is between two stages. */
export function rendersPerWorker(config: Pick<Config, 'workers'>, cores: number): number {
  const { renders } = config.workers
  return renders === 'auto' ? Math.ceil(cores / workerCount(config, cores)) + 1 : renders
}

/**
 * libuv threads of a worker: sharp's renders take one each, and two more keep file reads and DNS from waiting
 * behind them (libuv shares one pool for all).
 */
export function threadPoolSize(config: Pick<Config, 'workers'>, cores: number): number {
  return rendersPerWorker(config, cores) + 2
}
