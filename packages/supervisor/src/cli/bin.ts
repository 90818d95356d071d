/**
 * The command `imgsvc`. The only part of the CLI that reads the environment and the process it runs in; it hands both
 * on as a `Cli`.
 *
 *   bin/imgsvc.js ─► bin.ts ─► program.ts (yargs) ─► commands/*.ts ─┬─► client.ts ─► run/supervisor.sock
 *                                                                   └─► ../main.ts (`up` alone)
 */
import { readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { hideBin } from 'yargs/helpers'
import { COMMANDS } from './commands/list.ts'
import type { Cli } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { createOutput } from './output.ts'
import { runProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

const cli: Cli = {
  out: createOutput({ stdout: process.stdout, stderr: process.stderr, env: process.env }),
  stdin: process.stdin,
  terminal: createTerminal({ stdin: process.stdin, stdout: process.stdout, process, env: process.env }),
  env: process.env,
  cwd: workingDirectory(),
  home: homedir(),
  uid: process.getuid?.(),
  version: manifest.version,
  program: startedProgram(fileURLToPath(new URL('../../bin/imgsvc.js', import.meta.url))),
}

const code = await runProgram(hideBin(process.argv), COMMANDS, cli)
const lost = await cli.out.flush()
if (lost) cli.out.error(`imgsvc: the output could not be written: ${lost.message}`)
// Nothing may keep a finished command alive, not even a socket somebody forgot.
process.exit(lost ? code || EXIT.generic : code)

/** As it was called: through a link, which a later version may be put behind, rather than where that leads today. */
function startedProgram(real: string): string {
  try {
    const called = process.argv[1] ?? real
    return realpathSync(called) === realpathSync(real) ? called : real
  } catch {
    return real // called by another name, such as one without its extension
  }
}

/** Relative paths mean nothing in a directory that was removed under the shell. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    process.stderr.write('imgsvc: the working directory does not exist any more; change to another one\n')
    process.exit(EXIT.generic)
  }
}
