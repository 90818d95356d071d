import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterAll, describe, expect, test } from 'vitest'
import { gif, moving } from '../../test/images/animations.ts'
import { FAKES, fakeProgram, probeVideo, SEARCH_PATH, withoutPrograms } from '../../test/programs.ts'
import { contentTypeOf } from '../engine/content-type.ts'
import { createVideos } from './videos.ts'

const dir = mkdtempSync(join(tmpdir(), 'imgsvc-vid-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function watched(tools: object = {}, searchPath = SEARCH_PATH) {
  const settings = configSchema.parse({ tools }).tools
  const outcomes: string[] = []
  const onOutcome = (program: string, outcome: string) => void outcomes.push(`${program} ${outcome}`)
  return { ...createVideos({ settings: () => settings, searchPath, onOutcome }), outcomes }
}
const ANIMATION = gif({ width: 8, height: 8, frames: [{ colour: 1 }, { colour: 2 }] })
const never = new AbortController().signal
function probed(bytes: Buffer) {
  const file = join(dir, 'video')
  writeFileSync(file, bytes)
  return probeVideo(file)
}

describe.skipIf(withoutPrograms('ffmpeg', 'ffprobe'))('with the real ffmpeg (needs ffmpeg, ffprobe)', () => {
  test.each([
    ['mp4', 'h264', 'video/mp4'],
    ['webm', 'vp9', 'video/webm'],
  ] as const)('%s has the size of the animation, its frames and their times', async (format, codec, type) => {
    const { check, make, outcomes } = watched()
    await check(format)
    const delay = [70, 110, 130, 1700]
    const made = await make(await moving('gif', 60, 40, { delay, loop: 0 }), format, never)
    const { seconds, container, ...found } = probed(made)
    expect(found).toEqual({
      streams: 1,
      codec,
      pixels: 'yuv420p',
      width: 60,
      height: 40,
      times: [0, 0.07, 0.18, 0.31, 2],
    })
    expect(seconds).toBeGreaterThan(2)
    expect(seconds).toBeLessThan(2.05)
    expect(container).toContain(format)
    expect(contentTypeOf(made)).toBe(type)
    expect(outcomes).toEqual(['ffmpeg used'])
  })

  test('the same animation makes the same bytes', async () => {
    const { make } = watched()
    const animation = await moving('gif', 60, 40)
    for (const format of ['mp4', 'webm'] as const) {
      const [once, twice] = [await make(animation, format, never), await make(animation, format, never)]
      expect(once.equals(twice), format).toBe(true)
    }
  })

  test.each([
    [61, 41, 60, 40],
    [1, 1, 2, 2],
    [3, 200, 2, 200],
  ])('%ix%i comes out with even sides', async (width, height, evenWidth, evenHeight) => {
    const { make } = watched()
    const frames = [1, 2, 3].map((colour) => ({ colour }))
    const made = probed(await make(gif({ width, height, frames }), 'mp4', never))
    expect([made.width, made.height, made.times]).toEqual([evenWidth, evenHeight, [0, 0.1, 0.2, 0.29]])
  })

  test('a player may begin before the file has arrived', async () => {
    const made = await watched().make(await moving('gif', 60, 40), 'mp4', never)
    expect(made.indexOf('moov')).toBeLessThan(made.indexOf('mdat'))
  })

  test('delays that browsers do not believe are a tenth of a second', async () => {
    const frames = [0, 1, 2].map((delay, colour) => ({ colour, delay }))
    const made = probed(await watched().make(gif({ width: 20, height: 20, frames }), 'mp4', never))
    expect(made.times).toEqual([0, 0.1, 0.2, 0.21])
  })

  test('what is no GIF is SOURCE_UNDECODABLE, and a file it names is not opened', async () => {
    const playlist = Buffer.from(`ffconcat version 1.0\nfile ${join(dir, 'video')}\n`)
    await expect(watched().make(playlist, 'mp4', never)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
  })
})

describe('without an ffmpeg that can', () => {
  const fake = (script: string, mode?: number) => fakeProgram(join(dir, `f${Math.random()}`), 'ffmpeg', script, mode)

  test('a missing one is VIDEO_REFUSED', async () => {
    const refused = { code: 'VIDEO_REFUSED', status: 400, detail: expect.stringContaining('not installed') }
    await expect(watched({}, '/nowhere').check('mp4')).rejects.toMatchObject(refused)
    await expect(watched({ ffmpeg: join(dir, 'none') }).check('mp4')).rejects.toMatchObject(refused)
    await expect(watched({ ffmpeg: fake('exit 0', 0o644) }).check('mp4')).rejects.toMatchObject(refused)
  })

  test('one without the encoder is VIDEO_REFUSED, for this format alone', async () => {
    const ffmpeg = fake('echo " V....D libx264  H.264"')
    await watched({ ffmpeg }).check('mp4')
    const refused = { code: 'VIDEO_REFUSED', detail: expect.stringContaining('libvpx-vp9') }
    await expect(watched({ ffmpeg }).check('webm')).rejects.toMatchObject(refused)
  })

  test('one that does not say what it can is asked again', async () => {
    const mark = join(dir, 'asked')
    const ffmpeg = fake(`if [ -e ${mark} ]; then echo libx264; else echo >${mark}; exit 1; fi`)
    const { check } = watched({ ffmpeg })
    await expect(check('mp4')).rejects.toMatchObject({ code: 'VIDEO_REFUSED' })
    await check('mp4')
  })

  test.each([
    ['slow', 'DEADLINE', 504, 'timeout'],
    ['flood', 'OUTPUT_TOO_LARGE', 400, 'too_large'],
    ['crashing', 'RENDER_FAILED', 500, 'failed'],
    ['failing', 'RENDER_FAILED', 500, 'failed'],
    ['silent', 'RENDER_FAILED', 500, 'failed'],
  ] as const)('%s: %s', async (name, code, status, outcome) => {
    const tools = { ffmpeg: fake(FAKES[name]), maxBytes: '1MB', ...(name === 'slow' && { videoTimeout: '500ms' }) }
    const { make, outcomes } = watched(tools)
    await expect(make(ANIMATION, 'mp4', never)).rejects.toMatchObject({ code, status })
    expect(outcomes).toEqual([`ffmpeg ${outcome}`])
  })

  test('when the client has gone, the reason is thrown', async () => {
    const { make } = watched({ ffmpeg: fake(FAKES.slow) })
    const gone = new AbortController()
    const run = make(ANIMATION, 'mp4', gone.signal)
    setImmediate(() => gone.abort(new Error('gone')))
    await expect(run).rejects.toThrow('gone')
  })
})
