// A vitest reporter that only counts; `test.mjs` prints the closing line from what it leaves in a file.
import { writeFileSync } from 'node:fs'

/** The counts of one run: tests by outcome, files that did not load and errors outside tests as failures. */
export function countRun(modules, unhandledErrors) {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
  for (const module of modules) {
    let failedTests = 0
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') counts.passed += 1
      else if (state === 'failed') failedTests += 1
      // `pending` is a test that never came to its turn, for instance after an interrupt.
      else counts.skipped += 1
    }
    // A file that does not load, or whose hooks fail, has no failed test but has failed all the same.
    counts.failed += failedTests === 0 && module.state() === 'failed' ? 1 : failedTests
  }
  return counts
}

/** What tests say of files of vectors: how many of their rows are run. */
export function vectorLines(modules) {
  const counts = modules
    .flatMap((module) => [...module.children.allTests()])
    .flatMap((test) => test.meta().vectors ?? [])
  return counts.map(({ file, run, rows, left }) => {
    const missing = left.map((reason) => ` (left out ${reason})`).join('')
    return `vectors: ${file} ${run} of ${rows}${missing}`
  })
}

class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    writeFileSync(
      process.env.IMGSVC_TEST_COUNTS,
      JSON.stringify({ ...countRun(modules, unhandledErrors), vectors: vectorLines(modules) }),
    )
  }
}

// vitest takes a reporter from the default export of its file.
export { CountReporter as default }
