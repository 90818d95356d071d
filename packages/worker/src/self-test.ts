import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { SelfTest } from '@imgsvc/core/child-control'
import { type Config, configSchema } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import sharp from 'sharp'
import { setUpSharp } from './engine/sharp-setup.ts'
import { createLimiter } from './pipeline/limiter.ts'
import { createPictures } from './pipeline/picture.ts'
import { createStages } from './pipeline/stages.ts'
import { createNoResultStorage } from './stores/result-storage.ts'

// 64 × 48 px: the left half is (200, 40, 40), the right half (40, 40, 200).
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAMAAACWlYwtAAAABlBMVEXIKCgoKMgyVzVyAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAJklEQVRIx+3MQREAAAwCINe/9CL49yAASXFFBAKBQCAQCAQCwWrwPkwGAXWowxYAAAAASUVORK5CYII=',
  'base64',
)
const MODIFIED_AT = 0
/** Resized, turned upside down, brightened by 20 % of 255 and written as JPEG. */
const URL = '/unsafe/32x-24/filters:brightness(20):format(jpeg)/self-test.png'
const SIZE = { width: 32, height: 24 } as const
const EXPECTED = [
  { x: 6, y: 12, rgb: [251, 91, 91] },
  { x: 26, y: 12, rgb: [91, 91, 251] },
] as const
/** What JPEG may do to a flat colour. */
const TOLERANCE = 16
const TIMEOUT_MS = 10_000

/**
 * Makes one picture from a built-in original, through every stage a request passes, and looks at size and pixels of
 * what comes out; looks also whether the directories of file sources can be read. Settings of pictures are the
 * defaults, so that the outcome is known; they have been checked with the configuration. Throws SELF_TEST_FAILED.
 */
export async function selfTest({ sources }: Pick<Config, 'sources'>): Promise<SelfTest> {
  const begin = performance.now()
  for (const [place, source] of sources.entries()) {
    if (source.type === 'file') await requireReadable(source.root, `sources.${place}.root`)
  }
  const data = await makePicture().catch((error: unknown) => {
    throw new ImgsvcError('SELF_TEST_FAILED', `no picture: ${(error as Error).message}`, { cause: error })
  })
  await inspect(data)
  return { ms: Math.round(performance.now() - begin) }
}

/** Makes the picture of the self-test and forgets it: the first real one finds sharp loaded. Throws SELF_TEST_FAILED. */
export async function warmUp(): Promise<void> {
  setUpSharp()
  await inspect(await makePicture())
}

async function requireReadable(root: string, setting: string): Promise<void> {
  try {
    await access(root, constants.R_OK | constants.X_OK)
  } catch (error) {
    throw new ImgsvcError('SELF_TEST_FAILED', `${setting}: ${(error as Error).message}`, { cause: error })
  }
}

async function makePicture(): Promise<Buffer> {
  const config = configSchema.parse({ sources: [{ type: 'file', root: '/' }] })
  const pictures = createPictures({
    settings: () => config,
    authorisation: () => ({ keys: [], allowUnsafe: true }),
    fetcher: {
      fetch: async () => ({ bytes: PICTURE, modifiedAt: MODIFIED_AT, from: 'source' }),
      close: async () => {},
    },
    results: createNoResultStorage(),
    // Its own place: a canary has nothing else to do, and a busy worker must not fail for being busy.
    limiter: createLimiter(1, 0),
    engineVersion: 'self-test',
    onResultCache: () => {},
  })
  const answer = await pictures.answer({
    rawUrl: URL,
    accept: undefined,
    isFresh: undefined,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    stages: createStages(() => {}),
  })
  if (answer.kind !== 'picture') throw new Error(`expected a picture, got ${answer.kind}`)
  return answer.result.data
}

/** Throws SELF_TEST_FAILED when a picture is not the expected one. */
export async function inspect(picture: Buffer): Promise<void> {
  const { data, info } = await sharp(picture)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw new ImgsvcError('SELF_TEST_FAILED', `the picture cannot be decoded: ${(error as Error).message}`)
    })
  if (info.width !== SIZE.width || info.height !== SIZE.height || info.channels !== 3) {
    const wanted = `${SIZE.width}x${SIZE.height} in 3 channels`
    const got = `${info.width}x${info.height} in ${info.channels}`
    throw new ImgsvcError('SELF_TEST_FAILED', `expected a picture of ${wanted}, got ${got}`)
  }
  for (const { x, y, rgb } of EXPECTED) {
    const at = (y * info.width + x) * info.channels
    const got = [...data.subarray(at, at + 3)]
    if (got.every((value, channel) => Math.abs(value - (rgb[channel] as number)) <= TOLERANCE)) continue
    throw new ImgsvcError('SELF_TEST_FAILED', `expected about rgb(${rgb}) at ${x},${y}, got rgb(${got})`)
  }
}
