import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import type { ResultsConfig, S3ResultsConfig } from '@imgsvc/core/config/sections/stores'
import type { ResultStorage } from '../pipeline/types.ts'
import { createFileStore } from './file.ts'
import { makeDirectory } from './make-directory.ts'
import {
  type AwsLayoutOptions,
  imgsvcLayout,
  type ResultLayout,
  tcAwsResultLayout,
  thumborAwsResultLayout,
  thumborLayout,
} from './result-layouts.ts'
import { createNoResultStorage, createResultStorage, type ResultStorageOptions } from './result-storage.ts'

export interface ResultsOptions
  extends Pick<ResultStorageOptions, 'log' | 'onPut' | 'onReadFailed' | 'clock' | 'limits'> {
  /** Media type of a finished picture by its bytes, for layouts that keep nothing else. */
  readonly contentTypeOf: (bytes: Buffer) => string | undefined
}

/** The result storage that `results` configures. S3's driver is loaded only when configured. Throws CONFIG_INVALID for half of a static key. */
export async function createResults(config: ResultsConfig, options: ResultsOptions): Promise<ResultStorage> {
  const { clock = systemClock, contentTypeOf } = options
  switch (config.type) {
    case 'none':
      return createNoResultStorage()
    case 'file': {
      const { root, layout } = config
      return createResultStorage({
        ...options,
        ...config,
        store: createFileStore({ root, pathOf: (name) => name, now: clock.now }),
        layout: layout === 'thumbor' ? thumborLayout(contentTypeOf) : imgsvcLayout(),
        move: mover(root),
      })
    }
    case 's3': {
      const { createS3Store } = await import('./s3.ts')
      // The layouts put `root` into their keys themselves.
      const store = await createS3Store({ ...config, root: '' })
      return createResultStorage({ ...options, ...config, store, layout: s3Layout(config, contentTypeOf) })
    }
  }
}

/** Renames below the root; the file keeps its time, from which it expires. */
function mover(root: string) {
  return async (from: string, to: string): Promise<void> => {
    const target = join(root, to)
    await makeDirectory(dirname(target))
    await rename(join(root, from), target)
  }
}

function s3Layout(config: S3ResultsConfig, contentTypeOf: AwsLayoutOptions['contentTypeOf']): ResultLayout {
  const { root, randomizeKeys: randomize, rootImageName, storeHeaders } = config
  switch (config.layout) {
    case 'imgsvc':
      return imgsvcLayout(root === '' ? '' : `${root}/`)
    case 'tc_aws':
      return tcAwsResultLayout({ root, randomize, rootImageName, storeHeaders, contentTypeOf })
    case 'thumbor_aws':
      return thumborAwsResultLayout({ root, storeHeaders, contentTypeOf })
  }
}
