import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../src/optimizers/find-program.ts'

/** Where the programs of this machine are. */
export const SEARCH_PATH = process.env.PATH ?? ''

/** Whether tests of these programs are left out: only where one is missing and nobody promised it (CI=true does). */
export function withoutPrograms(...names: readonly string[]): boolean {
  const missing = names.filter((name) => findProgram(name, undefined, SEARCH_PATH) === undefined)
  return missing.length > 0 && process.env.CI !== 'true'
}

/** Lines of a shell script that behave like a program gone wrong; `out` is its last argument, where it has one. */
export const FAKES = {
  slow: 'exec /bin/sleep 600',
  crashing: 'echo "no such scan script" >&2; kill -SEGV $$',
  failing: 'cat >/dev/null; echo "it went wrong" >&2; exit 3',
  deaf: 'exit 1',
  garbage: 'cat >/dev/null; printf "not a picture at all"',
  half: 'exec head -c 200',
  flood: 'exec head -c 1073741824 /dev/zero',
  silent: 'exit 0',
} as const

/** Writes a program of this name into `dir`, which is made, and gives its path. */
export function fakeProgram(dir: string, name: string, script: string, mode = 0o755): string {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, name)
  writeFileSync(path, `#!/bin/sh\nfor out; do :; done\n${script}\n`)
  chmodSync(path, mode)
  return path
}

/** What ffprobe says of a video: its codec, size, when its frames are shown and how long it is in seconds, and container. */
export function probeVideo(file: string) {
  const asked = ['-show_frames', '-show_streams', '-show_format', '-of', 'json', file]
  const { stdout } = spawnSync('ffprobe', ['-v', 'error', ...asked], { encoding: 'utf8' })
  const { frames, streams, format } = JSON.parse(stdout) as {
    frames: readonly { pts_time: string }[]
    streams: readonly Record<string, string | number>[]
    format: Record<string, string>
  }
  const [video] = streams
  return {
    streams: streams.length,
    codec: video?.codec_name,
    pixels: video?.pix_fmt,
    width: video?.width,
    height: video?.height,
    times: frames.map(({ pts_time }) => Number(pts_time)),
    seconds: Number(format.duration),
    container: String(format.format_name),
  }
}
