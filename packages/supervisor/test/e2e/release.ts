import { appendFileSync, cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shortDir } from './instance.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const PACKAGES = ['core', 'supervisor', 'balancer', 'worker'] as const

/** A copy of the built program, as an installation whose files are replaced by those of a new version. */
export interface Release {
  readonly dir: string
  /** bin/imgsvc.js */
  readonly program: string
  /** Gives the program another version. */
  setVersion(version: string): void
  /** Appends text to a built file, such as `worker/dist/main.js`; the result takes it away again. */
  append(file: string, text: string): () => void
  remove(): void
}

/** Copies what an installation consists of; the packages of others stay where they are. */
export function copyRelease(): Release {
  const dir = shortDir()
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  for (const name of PACKAGES) {
    cpSync(join(ROOT, 'packages', name), join(dir, 'packages', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/\/(?:src|test)$/.test(path) || dirname(path) !== join(ROOT, 'packages', name),
    })
  }
  const manifest = join(dir, 'packages/supervisor/package.json')
  return {
    dir,
    program: join(dir, 'packages/supervisor/bin/imgsvc.js'),
    setVersion(version) {
      writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version }))
    },
    append(file, text) {
      const path = join(dir, 'packages', file)
      const before = readFileSync(path)
      appendFileSync(path, text)
      return () => writeFileSync(path, before)
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
