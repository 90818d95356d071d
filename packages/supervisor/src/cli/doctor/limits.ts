import { threadPoolSize } from '../../process/roles.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'

const FEWEST_FILES = 256
const ENOUGH_FILES = 4096

/** Limits of the supervisor, when it runs, else of this process: the next `up` will have the same. */
export function checkLimits(patient: Patient): readonly Finding[] {
  const { supervisor, system } = patient
  const pid = supervisor.info?.pid
  const text = system.read(`/proc/${pid ?? 'self'}/limits`) ?? system.read('/proc/self/limits')
  const whose = pid === undefined ? 'of this user' : `of pid ${pid}`
  if (text === undefined) return [ok('limits', 'cannot be seen on this system')]
  return [files(limitOf(text, 'Max open files')?.hard, whose), core(limitOf(text, 'Max core file size')?.soft, whose)]
}

function files(hard: number | undefined, whose: string): Finding {
  const check = 'open files'
  if (hard === undefined) return ok(check, 'unknown')
  // Node raises the soft limit to the hard one as it starts.
  const what = `at most ${hard === Number.POSITIVE_INFINITY ? 'any number' : hard} (hard limit ${whose})`
  const todo = 'raise it: LimitNOFILE=65536 in the unit, `ulimit -Hn` or limits.conf'
  if (hard < FEWEST_FILES) return fail(check, what, todo)
  if (hard < ENOUGH_FILES) return warn(check, `${what}: every connection takes one, in the balancer two`, todo)
  return ok(check, what)
}

function core(soft: number | undefined, whose: string): Finding {
  const check = 'core dumps'
  if (soft === undefined || soft === 0) return ok(check, 'off; a crash leaves its record (imgsvc crashes)')
  const size = soft === Number.POSITIVE_INFINITY ? 'of any size' : `up to ${soft} bytes`
  return warn(
    check,
    `${size} (soft limit ${whose}): a crash may write all memory of a worker to disk`,
    'workers.rlimits.core: 0, unless you look for a bug',
  )
}

/** One line of /proc/<pid>/limits (proc(5)); `unlimited` is Infinity. */
export function limitOf(text: string, name: string): { readonly soft: number; readonly hard: number } | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  const [soft, hard] = line?.slice(name.length).trim().split(/\s+/) ?? []
  if (soft === undefined || hard === undefined) return undefined
  const value = (word: string) => (word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word))
  return { soft: value(soft), hard: value(hard) }
}

/** Threads that read files, look up names and render; each worker gets its own number of them. */
export function checkThreads({ config, env }: Patient): readonly Finding[] {
  const check = 'threads'
  if (!config) return []
  const size = threadPoolSize(config)
  const what = `UV_THREADPOOL_SIZE ${size} in every worker`
  const inherited = env.UV_THREADPOOL_SIZE
  if (inherited === undefined || Number(inherited) === size) return [ok(check, what)]
  const ignored = `${what}; UV_THREADPOOL_SIZE=${inherited} of the environment is not used`
  return [warn(check, ignored, 'set workers.renders instead: the number of threads follows from it')]
}
