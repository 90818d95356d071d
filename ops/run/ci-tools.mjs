// For .ci/run alone: installs the external programs that some tests need, where this machine allows it. Nothing else
// needs them: elsewhere those tests are skipped, and imgsvc itself answers pictures without.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Packages of Debian and Ubuntu by the programs that tests start. */
const PACKAGES = {
  jpegtran: 'libjpeg-turbo-progs',
  gifsicle: 'gifsicle',
  pngcrush: 'pngcrush',
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
}

function isInstalled(program) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** What stands before apt-get: nothing for root, sudo where it asks no password; undefined without either. */
function privilege() {
  if (process.getuid?.() === 0) return []
  return isInstalled('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined
}

function say(text) {
  process.stderr.write(`imgsvc: ${text}\n`)
}

function aptGet(before, args) {
  const [command, ...rest] = [...before, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
  return spawnSync(command, rest, { stdio: ['ignore', 2, 2] }).status === 0
}

const missing = Object.keys(PACKAGES).filter((program) => !isInstalled(program))
if (missing.length > 0) {
  const packages = [...new Set(missing.map((program) => PACKAGES[program]))]
  const before = isInstalled('apt-get') ? privilege() : undefined
  if (before === undefined) {
    say(`tests of ${missing.join(', ')} are skipped (with CI=true: fail); install ${packages.join(' ')} by hand`)
  } else {
    say(`installing ${packages.join(' ')} for tests …`)
    const done =
      aptGet(before, ['update', '-qq']) &&
      aptGet(before, ['install', '-y', '-qq', '--no-install-recommends', ...packages])
    // The tests themselves say what they miss.
    if (!done) say(`could not install ${packages.join(' ')}; the reason is above`)
  }
}
