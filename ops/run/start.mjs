// `npm start`: install and build when needed, then `imgsvc up` in this very process, so that Ctrl-C and SIGTERM
// reach it whether they come from the terminal, from npm or from whoever knows only this process's id.
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

setup()
const program = new URL('../../packages/supervisor/bin/imgsvc.js', import.meta.url)
process.argv = [process.execPath, fileURLToPath(program), 'up', ...process.argv.slice(2)]
await import(program.href)
