import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { S3StoragePart, StoragePart } from '@imgsvc/core/config/sections/stores'
import { type BlacklistText, createBlacklistFile } from './blacklist-file.ts'
import { createBlacklistObject } from './blacklist-object.ts'
import { createFileStore } from './file.ts'
import { fileLayout, type OriginalLayout, tcAwsLayout, thumborAwsLayout } from './original-layouts.ts'
import type { RecentFiles } from './recent-files.ts'
import type { ObjectStore } from './store.ts'

/** thumbor's key of the blacklist among the originals. */
const BLACKLIST = 'blacklist.txt'

/** One place where originals or what belongs to them are kept, with the names in it. */
export interface Place {
  readonly store: ObjectStore
  /** The same for what exists nowhere else: a write ends when the bytes are safe. */
  readonly durable: ObjectStore
  readonly layout: OriginalLayout
  /** Age in ms beyond which an entry counts as missing; 0 is never. */
  readonly expires: number
  readonly blacklist: BlacklistText
}

export interface PlaceOptions {
  readonly autoWebp: boolean
  readonly recent?: RecentFiles | undefined
  readonly clock?: Clock
}

/** Undefined for `none`. S3's driver is loaded by this call and not before. Throws CONFIG_INVALID for half of a static key. */
export async function openPlace(part: StoragePart, options: PlaceOptions): Promise<Place | undefined> {
  const { clock = systemClock, recent, autoWebp } = options
  switch (part.type) {
    case 'none':
      return undefined
    case 'file': {
      const { root, expires } = part
      const files = { root, pathOf: asItIs, now: () => clock.now() }
      return {
        store: createFileStore({ ...files, recent }),
        durable: createFileStore({ ...files, durable: true }),
        layout: fileLayout(),
        expires,
        blacklist: createBlacklistFile(root),
      }
    }
    case 's3': {
      const { createS3Store } = await import('./s3.ts')
      // The layouts put `root` into their keys themselves.
      const store = await createS3Store({ ...part, root: '' })
      const layout = s3Layout(part, autoWebp)
      const [blacklist] = layout.originals(BLACKLIST)
      return {
        store,
        durable: store,
        layout,
        expires: part.expires,
        blacklist: createBlacklistObject(store, blacklist, clock),
      }
    }
  }
}

/** The file layout names files by hashes alone. */
const asItIs = (name: string) => name

function s3Layout(part: S3StoragePart, autoWebp: boolean): OriginalLayout {
  switch (part.layout) {
    case 'imgsvc':
      return fileLayout(part.root === '' ? '' : `${part.root}/`)
    case 'tc_aws':
      return tcAwsLayout({ ...part, randomize: part.randomizeKeys, autoWebp })
    case 'thumbor_aws':
      return thumborAwsLayout(part.root)
  }
}
