import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, configSchema } from '@imgsvc/core/config/schema'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { animationOf, frameAt, gif, moving } from '../../test/images/animations.ts'
import { sample } from '../../test/images/pictures.ts'
import { FAKES, fakeProgram, SEARCH_PATH, withoutPrograms } from '../../test/programs.ts'
import type { Finished } from './optimizer.ts'
import { createOptimizers } from './optimizers.ts'

const dir = mkdtempSync(join(tmpdir(), 'imgsvc-opt-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

type Input = Parameters<typeof configSchema.parse>[0]
const configOf = (input: Input): Config => configSchema.parse(input)

/** Optimizers with what they told: outcomes for the metrics, sentences for the log. */
function watched(input: Input, searchPath = SEARCH_PATH) {
  const config = configOf(input)
  const outcomes: (readonly [string, string, boolean])[] = []
  const warnings: string[] = []
  const optimizers = createOptimizers({
    config,
    searchPath,
    log: { warn: (_facts, text) => warnings.push(text) },
    onOutcome: (program, outcome, saved) => outcomes.push([program, outcome, saved > 0]),
  })
  const optimize = (file: Finished, { stripIcc = false, signal = new AbortController().signal } = {}) =>
    optimizers.optimize(file, { images: config.images, stripIcc, signal })
  return { optimizers, optimize, outcomes, warnings }
}

/** A photo with a colour profile, EXIF and a comment, written without optimisation. */
const photo = async (): Promise<Finished> => {
  const jpeg = await sharp(sample('rocket.jpg'))
    .resize(200)
    .keepIccProfile()
    .withExif({ IFD0: { Copyright: 'someone' } })
    .jpeg({ optimiseCoding: false, progressive: false })
    .toBuffer()
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 12]), Buffer.from('a comment.')])
  return { data: Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]), format: 'jpeg' }
}
const png = async (): Promise<Finished> => ({
  data: await sharp(sample('coffee.png')).resize(120).png({ compressionLevel: 1 }).toBuffer(),
  format: 'png',
})
/** Every frame written whole, though the second changes a corner alone and the third nothing. */
const boxes = (): Buffer => {
  const corner = { colour: 3, left: 10, top: 10, width: 20, height: 20 }
  const frames = [{ colour: 1 }, corner, corner, { colour: 2, delay: 50 }]
  return gif({ width: 120, height: 80, frames, repeat: 2 })
}
/** Transparency included: whether a file has a channel of full opacity makes no difference. */
const pixelsOf = (bytes: Buffer) => sharp(bytes).ensureAlpha().raw().toBuffer()
const samePixels = async (a: Buffer, b: Buffer) => (await pixelsOf(a)).equals(await pixelsOf(b))

describe('by default', () => {
  test('nothing runs, nothing is looked for, and the file is the same', async () => {
    const { optimize, outcomes, warnings } = watched({}, '/nowhere')
    const file = await photo()
    expect(await optimize(file)).toBe(file.data)
    expect([outcomes, warnings]).toEqual([[], []])
  })
})

describe.skipIf(withoutPrograms('jpegtran'))('jpegtran (needs jpegtran)', () => {
  test('makes the file smaller, progressive, and leaves every pixel and all markers', async () => {
    const { optimize, outcomes } = watched({ images: { optimizers: ['jpegtran'] } })
    const file = await photo()
    const made = await optimize(file)
    expect(made.length).toBeLessThan(file.data.length)
    expect(await samePixels(made, file.data)).toBe(true)
    const { isProgressive, hasProfile, exif } = await sharp(made).metadata()
    expect([isProgressive, hasProfile, String(exif).includes('someone')]).toEqual([true, true, true])
    expect(made.includes('a comment.')).toBe(true)
    expect(outcomes).toEqual([['jpegtran', 'used', true]])
  })

  test('copies comments alone with strip_icc()', async () => {
    const { optimize } = watched({ images: { optimizers: ['jpegtran'] } })
    const made = await optimize(await photo(), { stripIcc: true })
    const { hasProfile, exif } = await sharp(made).metadata()
    expect([hasProfile, exif, made.includes('a comment.')]).toEqual([false, undefined, true])
  })

  test('writes sequential files where images.progressiveJpeg is off', async () => {
    const { optimize } = watched({ images: { optimizers: ['jpegtran'], progressiveJpeg: false } })
    const made = await optimize(await photo())
    expect((await sharp(made).metadata()).isProgressive).toBe(false)
  })

  test('follows a scan script, and a broken one leaves the picture as it was', async () => {
    const script = join(dir, 'scans.txt')
    writeFileSync(script, '0,1,2: 0-0, 0, 0;\n0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n')
    const broken = join(dir, 'broken.txt')
    writeFileSync(broken, '0: 5-2, nonsense;\n')
    const file = await photo()
    const scans = (bytes: Buffer) => bytes.toString('latin1').split('\xff\xda').length - 1
    const withScript = watched({ images: { optimizers: ['jpegtran'] }, tools: { jpegtranScans: script } })
    const made = await withScript.optimize(file)
    expect([scans(made), await samePixels(made, file.data)]).toEqual([4, true])
    const withBroken = watched({ images: { optimizers: ['jpegtran'] }, tools: { jpegtranScans: broken } })
    expect(await withBroken.optimize(file)).toBe(file.data)
    expect(withBroken.outcomes).toEqual([['jpegtran', 'failed', false]])
  })

  test('twice: the second gets what the first made, and keeps it where it cannot become smaller', async () => {
    const { optimize, outcomes } = watched({ images: { optimizers: ['jpegtran', 'jpegtran'] } })
    await optimize(await photo())
    expect(outcomes.map(([, outcome]) => outcome)).toEqual(['used', 'not_smaller'])
  })

  test('leaves other formats alone', async () => {
    const { optimize, outcomes } = watched({ images: { optimizers: ['jpegtran'] } })
    const file = await png()
    expect(await optimize(file)).toBe(file.data)
    expect(outcomes).toEqual([])
  })
})

describe.skipIf(withoutPrograms('gifsicle'))('gifsicle (needs gifsicle)', () => {
  test('makes the file smaller and leaves frames, delays and repetitions', async () => {
    const { optimize, outcomes } = watched({ images: { optimizers: ['gifsicle'] } })
    const whole = boxes()
    const made = await optimize({ data: whole, format: 'gif' })
    expect(made.length).toBeLessThan(whole.length)
    expect(await animationOf(made)).toEqual(await animationOf(whole))
    for (const page of [0, 1, 2, 3]) {
      expect(await samePixels(await frameAt(made, page), await frameAt(whole, page)), `frame ${page}`).toBe(true)
    }
    expect(outcomes).toEqual([['gifsicle', 'used', true]])
  })

  test('a photo that moves keeps its pixels', async () => {
    const { optimize } = watched({ images: { optimizers: ['gifsicle'] } })
    const data = await moving('gif', 60, 40)
    const made = await optimize({ data, format: 'gif' })
    for (const page of [0, 1, 2, 3])
      expect(await samePixels(await frameAt(made, page), await frameAt(data, page))).toBe(true)
  })
})

describe.skipIf(withoutPrograms('pngcrush'))('pngcrush (needs pngcrush)', () => {
  test('makes the file smaller and leaves every pixel', async () => {
    const { optimize, outcomes } = watched({ images: { optimizers: ['pngcrush'] } })
    const file = await png()
    const made = await optimize(file)
    expect(made.length).toBeLessThan(file.data.length)
    expect(await samePixels(made, file.data)).toBe(true)
    expect(outcomes).toEqual([['pngcrush', 'used', true]])
  })
})

describe('whatever a program does wrong, the picture stays as it was', () => {
  const fakeOf = (script: string, mode?: number) =>
    fakeProgram(join(dir, `f${Math.random()}`), 'jpegtran', script, mode)
  const outcomeOf = async (program: string, tools: object = {}) => {
    const { optimize, outcomes, warnings } = watched({
      images: { optimizers: ['jpegtran'] },
      tools: { jpegtran: program, maxBytes: '1MB', ...tools },
    })
    const file = await photo()
    expect(await optimize(file)).toBe(file.data)
    return [outcomes.map(([, outcome]) => outcome), warnings]
  }
  const FAILED = 'optimizer failed: the picture stays as it was'
  const UNLIKE = 'optimizer wrote another picture: it stays as it was'

  test.each([
    ['slow', 'timeout', FAILED],
    ['crashing', 'failed', FAILED],
    ['failing', 'failed', FAILED],
    ['deaf', 'failed', FAILED],
    ['flood', 'too_large', FAILED],
    ['garbage', 'unlike', UNLIKE],
    ['half', 'unlike', UNLIKE],
    ['silent', 'unlike', UNLIKE],
  ] as const)('%s: %s', async (name, outcome, warning) => {
    const tools = name === 'slow' ? { timeout: '500ms' } : {}
    expect(await outcomeOf(fakeOf(FAKES[name]), tools)).toEqual([[outcome], [warning]])
  })

  test('a picture of another format or size', async () => {
    const put = async (name: string, picture: sharp.Sharp) => {
      writeFileSync(join(dir, name), await picture.toBuffer())
      return `cat >/dev/null; cat ${join(dir, name)}`
    }
    const webp = await put('other.webp', sharp(sample('rocket.jpg')).resize(20).webp({ quality: 1 }))
    const small = await put('small.jpg', sharp(sample('rocket.jpg')).resize(20).jpeg())
    for (const script of [webp, small]) expect(await outcomeOf(fakeOf(script))).toEqual([['unlike'], [UNLIKE]])
  })

  test('a larger file', async () => {
    const script = `cat; head -c 10 /dev/zero`
    expect(await outcomeOf(fakeOf(script))).toEqual([['not_smaller'], []])
  })

  test('a file that may not be run, or is no program at all', async () => {
    const missing = 'optimizer not found: pictures stay as they are'
    expect(await outcomeOf(fakeOf('exit 0', 0o644))).toEqual([[], [missing]])
    expect(await outcomeOf(join(dir, 'missing'))).toEqual([[], [missing]])
  })

  test('when the client has gone, the reason is thrown', async () => {
    const { optimize, outcomes } = watched({
      images: { optimizers: ['jpegtran'] },
      tools: { jpegtran: fakeOf(FAKES.slow) },
    })
    const gone = new AbortController()
    const run = optimize(await photo(), { signal: gone.signal })
    gone.abort(new Error('gone'))
    await expect(run).rejects.toThrow('gone')
    expect(outcomes).toEqual([])
  })
})

describe('programs are looked for', () => {
  test('once, and each that is missing is told of once', async () => {
    const { optimize, warnings, outcomes } = watched({ images: { optimizers: ['jpegtran', 'gifsicle'] } }, '/nowhere')
    const told = 'optimizer not found: pictures stay as they are'
    expect(warnings).toEqual([told, told])
    const file = await photo()
    expect(await optimize(file)).toBe(file.data)
    expect([warnings.length, outcomes]).toEqual([2, []])
  })

  test('again when the configuration changes', async () => {
    const { optimizers, warnings, outcomes } = watched({ images: { optimizers: ['jpegtran'] } }, '/nowhere')
    expect(warnings).toHaveLength(1)
    const program = fakeProgram(join(dir, 'later'), 'jpegtran', FAKES.failing)
    const next = configOf({ images: { optimizers: ['jpegtran'] }, tools: { jpegtran: program } })
    optimizers.configure(next)
    const signal = new AbortController().signal
    await optimizers.optimize(await photo(), { images: next.images, stripIcc: false, signal })
    expect(outcomes.map(([, outcome]) => outcome)).toEqual(['failed'])
  })
})
