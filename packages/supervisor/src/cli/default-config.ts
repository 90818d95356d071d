import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A photograph among the samples, for the URL that `up` prints. */
export const SAMPLE_PICTURE = 'flower.jpg'

/** Directory of the photographs that come with imgsvc, absolute. */
export function samplesDir(): string {
  return fileURLToPath(new URL('../../samples', import.meta.url))
}

/**
 * What imgsvc runs on without a configuration file, beneath environment and flags: sample photographs, and everything
 * it writes inside the state directory. The rest are the schema's defaults.
 */
export function defaultConfig(stateDir: string): Readonly<Record<string, unknown>> {
  return {
    listen: '0.0.0.0:8080',
    sources: [{ type: 'file', root: samplesDir() }],
    storage: { type: 'file', root: join(stateDir, 'originals') },
    results: { type: 'file', root: join(stateDir, 'results') },
    logs: { dir: join(stateDir, 'logs') },
  }
}
