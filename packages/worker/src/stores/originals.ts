import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { StoragePart } from '@imgsvc/core/config/sections/stores'
import type { BlacklistText } from './blacklist-file.ts'
import type { DetectorData } from './detector-data.ts'
import { createImageKeys, createNoImageKeys, type ImageKeys } from './image-keys.ts'
import { openPlace, type Place } from './original-place.ts'
import type { RecentFiles } from './recent-files.ts'
import { createSidecars, type Sidecars } from './sidecars.ts'
import { createNoSourceStorage, createSourceStorage, type SourceStorage } from './source-storage.ts'
import { createDetectorData, createNoDetectorData } from './stored-points.ts'
import type { WarnLog } from './trouble.ts'
import { createUploadStorage, type UploadStorage } from './upload-storage.ts'

/** Everything `storage` configures. */
export interface Originals {
  readonly storage: SourceStorage
  readonly keys: ImageKeys
  readonly detectors: DetectorData
  /** Whether originals are kept at all. */
  readonly keepsOriginals: boolean
  /** Undefined when neither originals nor uploads have a place. */
  readonly uploads: UploadStorage | undefined
  /** Undefined when originals are not kept. */
  readonly blacklist: BlacklistText | undefined
  close(): Promise<void>
}

export interface OriginalsOptions {
  readonly storage: Config['storage']
  readonly uploads: Config['upload']['storage']
  /** Clients that take WebP get it unasked: tc_aws kept copies for them. */
  readonly autoWebp: boolean
  readonly recent?: RecentFiles | undefined
  readonly log: WarnLog
  /** Told of every operation that failed, for the metrics. */
  readonly onError?: () => void
  readonly contentTypeOf?: (bytes: Buffer) => string | undefined
  readonly clock?: Clock
}

// Bytes. Keys and lists of points are far smaller; what is larger is none of ours.
const MAX_KEY = 4 * 1024
const MAX_POINTS = 256 * 1024

/**
 * The storage of originals with its three parts, which are one place unless it is mixed. S3's driver is loaded only when
 * configured. Throws CONFIG_INVALID for half of a static key.
 */
export async function createOriginals(options: OriginalsOptions): Promise<Originals> {
  const { storage: config, log, onError, contentTypeOf, clock = systemClock } = options
  const opened: Place[] = []
  const open = async (part: StoragePart) => {
    const place = await openPlace(part, options)
    if (place) opened.push(place)
    return place
  }
  const whole = config.type === 'mixed' ? undefined : await open(config)
  const originals = config.type === 'mixed' ? await open(config.originals) : whole
  const keys = config.type === 'mixed' ? await open(config.keys) : whole
  const detectors = config.type === 'mixed' ? await open(config.detectors) : whole

  const uploads = options.uploads.type === 'originals' ? originals : await open(options.uploads)

  const common = { log, onError, clock }
  const sidecars: Sidecars[] = []
  const beside = (place: Place, what: string, maxBytes: number, expires: number) => {
    const created = createSidecars({ ...common, store: place.store, what, maxBytes, expires })
    sidecars.push(created)
    return created
  }
  const storage = originals ? createSourceStorage({ ...common, ...originals, contentTypeOf }) : createNoSourceStorage()
  return {
    storage,
    // Keys never expire (`thumbor/storages/file_storage.py`): they are what old URLs live on.
    keys: keys ? createImageKeys(beside(keys, 'keys', MAX_KEY, 0), keys.layout.key) : createNoImageKeys(),
    detectors: detectors
      ? createDetectorData(beside(detectors, 'detectors', MAX_POINTS, detectors.expires), detectors.layout.detectors)
      : createNoDetectorData(),
    keepsOriginals: originals !== undefined,
    uploads: uploads && uploadsOf(uploads, options),
    blacklist: originals?.blacklist,
    async close() {
      await Promise.all([storage.close(), ...sidecars.map((one) => one.close())])
      await Promise.all(opened.map(({ store }) => store.close?.()))
    },
  }
}

function uploadsOf({ durable, layout, expires }: Place, { contentTypeOf, clock = systemClock }: OriginalsOptions) {
  return createUploadStorage({
    store: durable,
    nameOf: (id) => layout.originals(id)[0],
    expires,
    contentTypeOf,
    clock,
  })
}
