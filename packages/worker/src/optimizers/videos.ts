import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { probe } from '../engine/decode.ts'
import type { VideoFormat } from '../engine/image.ts'
import { findProgram } from './find-program.ts'
import { type Command, type FailedRun, type RunLimits, type RunResult, runProgram } from './run-program.ts'

/** Encoders of ffmpeg, both common in its packages, with what they are told. */
const ENCODERS: Readonly<Record<VideoFormat, { readonly name: string; readonly args: readonly string[] }>> = {
  // The index goes first, so that players can begin before the file has arrived.
  mp4: { name: 'libx264', args: ['-preset', 'veryfast', '-crf', '23', '-movflags', '+faststart'] },
  webm: { name: 'libvpx-vp9', args: ['-deadline', 'good', '-cpu-used', '5', '-b:v', '0', '-crf', '35'] },
}

// Colour has half the sides of the picture (4:2:0, all that browsers play), which therefore must be even.
const EVEN = "scale='max(2,trunc(iw/2)*2)':'max(2,trunc(ih/2)*2)'"

/** Longest side both encoders take, px. */
export const MAX_VIDEO_SIDE = 16_384

const ASK_TIMEOUT_MS = 5000

export interface VideosOptions {
  readonly settings: () => Config['tools']
  readonly onOutcome: (program: 'ffmpeg', outcome: 'used' | FailedRun['why'], saved: number) => void
  /** Where ffmpeg is looked for: directories, separated by colons. */
  readonly searchPath: string
}

export interface Videos {
  /** Throws VIDEO_REFUSED when there is no ffmpeg that can write this. */
  check(format: VideoFormat): Promise<void>
  /**
   * The video of an opaque animated GIF, as long as one run of it. Throws SOURCE_UNDECODABLE for anything else, DEADLINE when ffmpeg takes too long, OUTPUT_TOO_LARGE when it writes too
   * much, RENDER_FAILED when it fails, and the signal's reason.
   */
  make(gif: Buffer, format: VideoFormat, signal: AbortSignal): Promise<Buffer>
}

/** Turns animations into videos with ffmpeg (`thumbor_plugins/optimizers/gifv`). */
export function createVideos({ settings, onOutcome, searchPath }: VideosOptions): Videos {
  let known: { readonly program: string; readonly encoders: string } | undefined

  function find(): string {
    const program = findProgram('ffmpeg', settings().ffmpeg, searchPath)
    if (program) return program
    known = undefined
    throw new ImgsvcError('VIDEO_REFUSED', 'gifv() needs ffmpeg, which is not installed here')
  }

  function run(command: Command, input: Buffer, limits: Pick<RunLimits, 'timeoutMs' | 'signal'>): Promise<RunResult> {
    return runProgram(command, input, { ...limits, searchPath, maxBytes: settings().maxBytes })
  }

  /** What `ffmpeg -encoders` says; asked anew until it answers. */
  async function encodersOf(program: string): Promise<string> {
    if (known?.program === program) return known.encoders
    // Whoever asked first may be gone: others wait for the answer, too.
    const asked = { timeoutMs: ASK_TIMEOUT_MS, signal: new AbortController().signal }
    const told = await run({ program, args: ['-hide_banner', '-encoders'] }, Buffer.alloc(0), asked)
    if (!told.ok) return ''
    known = { program, encoders: told.data.toString('latin1') }
    return known.encoders
  }

  return {
    async check(format) {
      const { name } = ENCODERS[format]
      const encoders = await encodersOf(find())
      if (encoders.split(/\s+/).includes(name)) return
      throw new ImgsvcError('VIDEO_REFUSED', `the ffmpeg that is installed here cannot write ${format} (${name})`)
    },
    async make(gif, format, signal) {
      const command = commandFor(find(), format, await delaysOf(gif))
      const done = await run(command, gif, { timeoutMs: settings().videoTimeout, signal })
      onOutcome('ffmpeg', done.ok ? 'used' : done.why, 0)
      if (done.ok) return done.data
      switch (done.why) {
        case 'timeout':
          throw new ImgsvcError('DEADLINE', `ffmpeg: ${done.detail}`)
        case 'too_large':
          throw new ImgsvcError('OUTPUT_TOO_LARGE', `the video would have more than ${settings().maxBytes} bytes`)
        case 'failed':
          throw new ImgsvcError('RENDER_FAILED', `ffmpeg: ${done.detail}`)
      }
    },
  }
}

/** How long each frame stays, ms. */
async function delaysOf(gif: Buffer): Promise<readonly number[]> {
  const { animation } = await probe(gif, { maxPixels: Number.POSITIVE_INFINITY, animatedGif: true })
  // ffmpeg and browsers alike take what is shorter for a mistake.
  return animation?.delays.map((ms) => (ms < 20 ? 100 : ms)) ?? [100]
}

/**
 * Videos do not tell how long their last frame stays: it is shown once more in the last hundredth of a second. Times
 * count in hundredths, as those of GIF, so that none is rounded.
 */
function closing(delays: readonly number[]): string {
  const end = delays.reduce((sum, ms) => sum + ms, 0) / 1000 - 0.01
  return `tpad=stop=1:stop_mode=clone,setpts='if(eq(N,${delays.length}),round(${end.toFixed(2)}/TB),PTS)'`
}

function commandFor(program: string, format: VideoFormat, delays: readonly number[]): Command {
  const { name, args } = ENCODERS[format]
  const output = `out.${format}`
  return {
    program,
    files: { input: 'in.gif', output },
    args: [
      ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-y'],
      // It opens this file, as a GIF, and nothing that a file may name.
      ...['-protocol_whitelist', 'file', '-f', 'gif', '-ignore_loop', '1', '-i', 'in.gif'],
      // One thread per render slot, as everything else.
      ...['-threads', '1', '-an', '-vf', `${EVEN},${closing(delays)}`, '-fps_mode', 'vfr', '-enc_time_base', '1/100'],
      ...['-pix_fmt', 'yuv420p', '-c:v', name, ...args],
      // The same request makes the same bytes.
      ...['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-f', format, output],
    ],
  }
}
