// Makes a fresh checkout runnable: installs what the lockfile names, then builds. Quiet when there is nothing to do.
// Runs before anything is installed, so it uses Node's own modules only.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@12.21.0'

/** The repository's root directory. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Node must be new enough to run imgsvc; ends the process with a sentence when it is not. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`imgsvc needs Node 20.19 or newer; this is ${version} (${process.execPath})`)
}

/** Installs when the lockfile or a package.json changed since the last time, then builds incrementally. */
export function setup() {
  checkNode()
  install()
  build()
}

function install() {
  const stamp = join(root, 'node_modules', '.imgsvc-setup')
  const wanted = fingerprint()
  if (isInstalled() && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('installing packages (once; again only when the lockfile changes) …')
  // Gone first: an install that is interrupted half way must not look finished.
  rmSync(stamp, { force: true })
  const [command, ...prefix] = npx()
  run(command, [...prefix, PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    what: 'installing the packages',
    env: installEnv(process.env),
  })
  writeFileSync(stamp, wanted)
}

/** Every package with dependencies has them: someone may have deleted one folder and kept the stamp. */
function isInstalled() {
  return readdirSync(join(root, 'packages')).every((name) => existsSync(join(root, 'packages', name, 'node_modules')))
}

function build() {
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-b'], { what: 'building', env: process.env })
}

/** Changes whenever an install is due: the lockfile, the manifests, or another platform's binaries. */
function fingerprint() {
  const packages = readdirSync(join(root, 'packages')).sort()
  const manifests = packages.map((name) => join('packages', name, 'package.json'))
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}\n`)
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    const path = join(root, name)
    if (existsSync(path)) hash.update(`${name}\n`).update(readFileSync(path))
  }
  return `${hash.digest('hex')}\n`
}

// `npm start` tells where npm is; that npm also works where PATH has no npx.
function npx() {
  const npm = process.env.npm_execpath
  return npm?.endsWith('npm-cli.js') ? [process.execPath, npm, 'exec', '--yes', '--'] : ['npx', '--yes']
}

/**
 * The environment of the install. npm hands its own options down as variables, and some of them change what a nested
 * npx or pnpm does; registry, proxy and cache settings stay. NODE_ENV=production would leave out the compiler, and
 * without CI pnpm may ask a question that nobody is there to answer.
 */
export function installEnv(env) {
  const misleading =
    /^(npm_(package|lifecycle)_.*|npm_command|NODE_ENV|npm_config_(package|call|workspaces?|include_workspace_root|global|location|dry_run|omit|include|only|production|ignore_scripts|prefix|local_prefix|yes))$/i
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => !misleading.test(name))), CI: 'true' }
}

function run(command, args, { what, env }) {
  // On stderr, so that what the caller prints stays alone on stdout.
  const done = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] })
  if (done.error) fail(`${what} failed: ${command}: ${done.error.message}`)
  if (done.signal) process.exit(130)
  if (done.status !== 0) fail(`${what} failed (exit code ${done.status}); the reason is above`)
}

function say(text) {
  process.stderr.write(`imgsvc: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

// Also a command of its own: `node ops/run/setup.mjs`.
if (process.argv[1] === fileURLToPath(import.meta.url)) setup()
