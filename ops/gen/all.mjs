// Writes the generated documents: `node ops/gen/all.mjs`, after the build. With `--check` it changes nothing,
// names what is stale and exits 1.
import { documents } from './documents.mjs'
import { update } from './update.mjs'

const isCheck = process.argv.includes('--check')
const stale = await update(documents, { root: new URL('../../', import.meta.url), isCheck })

for (const path of stale) {
  process.stdout.write(isCheck ? `stale: ${path} (run \`npm run gen\`)\n` : `wrote ${path}\n`)
}
if (isCheck && stale.length > 0) process.exitCode = 1
