import { ImgsvcError } from '@imgsvc/core/errors'

/** Runs jobs one after the other, each to its end. Rejects with the job's error, or BUSY when too many wait. */
export type Serial = <T>(job: () => Promise<T>) => Promise<T>

const MAX_WAITING = 100

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return (job) => {
    if (waiting >= MAX_WAITING) {
      return Promise.reject(new ImgsvcError('BUSY', `${MAX_WAITING} changes of processes are waiting already`))
    }
    waiting++
    const run = last.then(job).finally(() => {
      waiting--
    })
    // The next job does not care how this one ended; its caller is told.
    last = run.catch(() => undefined)
    return run
  }
}
