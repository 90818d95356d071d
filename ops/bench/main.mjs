// The benchmarks, each a program of its own with its own options:
//
//   node ops/bench/main.mjs [--rounds 5 …]      the service against sharp alone, misses and hits (also: pnpm bench)
//   node ops/bench/main.mjs filters [--rounds 9] each filter's kernel against the nearest operation of sharp
const [name] = process.argv.slice(2)
if (name === 'filters') {
  process.argv.splice(2, 1)
  await import('./filters.mjs')
} else {
  await import('./service.mjs')
}
