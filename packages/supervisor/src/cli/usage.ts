import { suggest } from '@imgsvc/core/suggest'
import type { Command } from './command.ts'

/** The command line that yargs refused. */
export interface RefusedLine {
  readonly args: readonly string[]
  /** Long names of the flags that fit there. */
  readonly flags: readonly string[]
  readonly commands: readonly Command[]
}

/** What is wrong with a command line, with a suggestion and where to read on; never the whole help text. */
export function usageLines(message: string, line: RefusedLine): readonly string[] {
  const path = commandPath(line)
  const help = ['imgsvc', ...path.map(({ name }) => name), '--help'].join(' ')
  return [`imgsvc: ${explain(message, line, path)}`, `Try \`${help}\`.`]
}

/** The commands that the words of the line name, outermost first. */
function commandPath({ args, commands }: RefusedLine): readonly Command[] {
  const path: Command[] = []
  for (const word of args) {
    const found = (path.at(-1)?.members ?? commands).find(({ name }) => name === word)
    if (!found) break
    path.push(found)
  }
  return path
}

function explain(message: string, line: RefusedLine, path: readonly Command[]): string {
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1]
  if (unknown !== undefined) {
    const names = new Set(unknown.split(', '))
    return [...names].map((name) => explainUnknown(name, line, path)).join('; ')
  }
  const bare = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  if (bare !== undefined) return `${asFlag(bare)} needs a value`
  // yargs counts the words but does not name them.
  if (message.startsWith('Not enough non-option arguments')) {
    const needs = path.at(-1)?.needs.map((word) => `<${word}>`) ?? []
    return needs.length > 0
      ? `${needs.join(' and ')} ${needs.length === 1 ? 'is' : 'are'} missing`
      : 'an argument is missing'
  }
  return message
}

function explainUnknown(name: string, { args, flags, commands }: RefusedLine, path: readonly Command[]): string {
  const isFlag = args.some((arg) => arg === asFlag(name) || arg.startsWith(`${asFlag(name)}=`))
  if (isFlag) return `unknown flag ${asFlag(name)}${didYouMean(suggest(name, flags), '--')}`
  const parent = path.at(-1)
  if (parent && parent.members.length === 0) return `unexpected "${name}"`
  const known = (parent?.members ?? commands).map((command) => command.name)
  return `unknown command "${name}"${didYouMean(suggest(name, known), '')}`
}

const asFlag = (name: string) => (name.length === 1 ? `-${name}` : `--${name}`)
const didYouMean = (word: string | undefined, prefix: string) =>
  word === undefined ? '' : `; did you mean ${prefix}${word}?`
