import type { Optimizer } from './optimizer.ts'

/** `thumbor_plugins/optimizers/pngcrush`: tries filters and zlib settings, and the smallest colour type. */
export const pngcrush: Optimizer = {
  name: 'pngcrush',
  format: 'png',
  command: (program) => ({
    program,
    args: ['-q', '-reduce', 'in.png', 'out.png'],
    files: { input: 'in.png', output: 'out.png' },
  }),
}
