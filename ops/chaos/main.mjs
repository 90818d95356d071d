// The chaos plan: `pnpm chaos`. Starts throw-away instances of the built program on free ports, breaks them under load,
// row by row, prints what came of it and writes JSON. Ends everything it started, also after Ctrl-C.
//
//   node ops/chaos/main.mjs [--rows 1,4] [--quick] [--rate 200] [--json] [--report FILE] [--write-docs] [--list]
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runChaos } from '@imgsvc/supervisor/chaos/command'

const manifest = new URL('../../package.json', import.meta.url)
const over = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => over.abort(new Error(`ended by ${name}; everything started was stopped`)))
}

try {
  process.exitCode = await runChaos({
    args: process.argv.slice(2),
    env: process.env,
    signal: over.signal,
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    document: fileURLToPath(new URL('../../docs/reliability.md', import.meta.url)),
    report: 'ops/chaos/out/latest.json',
    print: (line) => console.log(line),
    tell: (line) => console.error(line),
  })
} catch (error) {
  if (!over.signal.aborted) throw error
  console.error(`chaos: ${over.signal.reason.message}`)
  process.exitCode = 130
}
