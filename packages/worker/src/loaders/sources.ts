import type { SourceConfig } from '@imgsvc/core/config/sections/sources'
import type { RecentFiles } from '../stores/recent-files.ts'
import { createSourceChain, type Sources } from './choose.ts'
import { createFileLoader } from './file.ts'
import { createStoreLoader } from './from-store.ts'
import type { Loader } from './loader.ts'

/**
 * The configured sources, in order. Secrets are values here, no longer `env:` or `file:` references. Drivers are
 * imported only for the kinds that are configured. File sources look into `recent` before they read.
 * Throws CONFIG_INVALID for an entry of `allow` or `allowPrivate` that is none.
 */
export async function createSources(configs: readonly SourceConfig[], recent?: RecentFiles): Promise<Sources> {
  return createSourceChain(await Promise.all(configs.map((config, place) => createLoader(config, place, recent))))
}

async function createLoader(config: SourceConfig, place: number, recent: RecentFiles | undefined): Promise<Loader> {
  switch (config.type) {
    case 'file':
      return createFileLoader({ root: config.root, recent })
    case 'http': {
      const { createHttpLoader } = await import('./http.ts')
      return createHttpLoader({ ...config, onlyHostLike: place > 0 })
    }
    case 's3': {
      const { createS3Store } = await import('../stores/s3.ts')
      return createStoreLoader(await createS3Store(config))
    }
  }
}
