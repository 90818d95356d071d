import type { Optimizer } from './optimizer.ts'

/** As thumbor's plug-in runs it: frames store what changed since the one before. */
export const gifsicle: Optimizer = {
  name: 'gifsicle',
  format: 'gif',
  command: (program) => ({ program, args: ['--no-warnings', '--optimize'] }),
}
