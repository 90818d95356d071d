// `npm test`: install and build when needed, run every test, close with one line that counts. Arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root, setup } from './setup.mjs'

setup()
const scratch = mkdtempSync(join(tmpdir(), 'imgsvc-test-'))
try {
  const countsFile = join(scratch, 'counts.json')
  const status = runVitest(process.argv.slice(2), countsFile)
  const { passed, failed, skipped, vectors = [] } = readCounts(countsFile)
  for (const line of vectors) process.stdout.write(`${line}\n`)
  process.stdout.write(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  // Nothing ran is a failure too: it is what a broken configuration or a misspelt filter looks like.
  process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : status || 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function runVitest(args, countsFile) {
  const counting = fileURLToPath(new URL('count-reporter.mjs', import.meta.url))
  const shown = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
  const done = spawnSync(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', ...shown, `--reporter=${counting}`, ...args],
    { cwd: root, stdio: 'inherit', env: { ...process.env, IMGSVC_TEST_COUNTS: countsFile } },
  )
  if (done.error) process.stderr.write(`imgsvc: vitest did not start: ${done.error.message}\n`)
  return done.status ?? 1
}

// No counts means that vitest ended before it had any: that is one failure, not none.
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
