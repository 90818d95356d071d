#!/usr/bin/env node
// The command `imgsvc`: plain JavaScript, so that it can say what is missing before anything is built.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = new URL('../dist/cli/bin.js', import.meta.url)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`imgsvc: needs Node 20.19 or newer, this is ${process.versions.node} (${process.execPath})\n`)
  process.exitCode = 1
} else if (!existsSync(program)) {
  process.stderr.write(`imgsvc: not built yet (${fileURLToPath(program)} is missing); run \`npm run build\`\n`)
  process.exitCode = 1
} else {
  await import(program.href)
}
