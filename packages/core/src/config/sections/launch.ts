import { z } from 'zod'
import { setting, umask } from '../setting.ts'

const inherited = (least: number, most: number) =>
  z.union([z.literal('inherit'), z.int().min(least).max(most)]).default('inherit')

/** How the processes of one role are started: priority, limits, environment. Every spawn reads them again. */
export const launchSettings = (oomScoreAdj: number) => ({
  nice: setting(inherited(-20, 19), {
    doc: 'CPU priority (nice value) of the process; below 0 needs root. `inherit`: as the supervisor.',
    reload: 'restart',
  }),
  oomScoreAdj: setting(z.union([z.literal('inherit'), z.int().min(-1000).max(1000)]).default(oomScoreAdj), {
    doc: 'Whom the kernel kills first when memory runs out: 1000 first, -1000 never. A lower value than the supervisor has needs root and is left out without a word unless it was configured.',
    reload: 'restart',
  }),
  rlimits: z
    .strictObject({
      nofile: setting(inherited(16, 2 ** 30), { doc: 'Open files, at most (RLIMIT_NOFILE).', reload: 'restart' }),
      core: setting(inherited(0, Number.MAX_SAFE_INTEGER), {
        doc: 'Largest core dump (RLIMIT_CORE).',
        unit: 'bytes',
        reload: 'restart',
      }),
      nproc: setting(inherited(1, 2 ** 30), { doc: 'Threads of its user, at most (RLIMIT_NPROC).', reload: 'restart' }),
      memlock: setting(inherited(0, Number.MAX_SAFE_INTEGER), {
        doc: 'Memory it may lock (RLIMIT_MEMLOCK).',
        unit: 'bytes',
        reload: 'restart',
      }),
    })
    .prefault({}),
  environment: setting(
    z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*=/, 'expected NAME=value such as MALLOC_ARENA_MAX=2')).default([]),
    { doc: 'Variables the process gets beside those of the supervisor, as NAME=value.', reload: 'restart' },
  ),
  umask: setting(z.union([z.literal('inherit'), umask()]).default('inherit'), {
    doc: 'Permissions its new files do not get, octal in quotes such as "027".',
    reload: 'restart',
  }),
})

/** What a role's `launchSettings` come to. */
export interface LaunchConfig {
  readonly nice: number | 'inherit'
  readonly oomScoreAdj: number | 'inherit'
  readonly rlimits: Readonly<Record<'nofile' | 'core' | 'nproc' | 'memlock', number | 'inherit'>>
  readonly environment: readonly string[]
  readonly umask: string
}
