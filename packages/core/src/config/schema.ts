import { z } from 'zod'
import { detection } from './sections/detection.ts'
import { compat, filters, images } from './sections/images.ts'
import { admin, hooks, logs } from './sections/operations.ts'
import { balancer, workers } from './sections/processes.ts'
import { responses } from './sections/responses.ts'
import { security } from './sections/security.ts'
import { limits, sources } from './sections/sources.ts'
import { cache, results, storage } from './sections/stores.ts'
import { tools } from './sections/tools.ts'
import { upload } from './sections/upload.ts'
import { hostPort, setting } from './setting.ts'

/** The whole of imgsvc.yaml. Unknown keys are mistakes. */
export const configSchema = z.strictObject({
  listen: setting(hostPort().prefault('0.0.0.0:8080'), { doc: 'Address of the public port.', reload: 'restart' }),
  workers,
  balancer,
  security,
  sources,
  limits,
  storage,
  upload,
  results,
  cache,
  images,
  tools,
  responses,
  detection,
  filters,
  presets: setting(z.strictObject({}).prefault({}), {
    doc: 'Named sets of options. Not built yet: must be empty.',
    reload: 'live',
  }),
  logs,
  hooks,
  admin,
  compat,
})

/** The configuration every process works with: durations ms, sizes bytes, paths absolute, secrets still references. */
export type Config = z.output<typeof configSchema>
