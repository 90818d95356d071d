import { expect, test } from 'vitest'
import { defineCommand, defineGroup } from './command.ts'
import { usageLines } from './usage.ts'

const command = (name: string) =>
  defineCommand({ command: name, describe: '', build: (yargs) => yargs, run: async () => 0 })
const commands = [
  command('up'),
  command('scale <workers>'),
  command('status'),
  defineGroup('config', '', [command('check'), command('show')]),
]
const flags = ['workers', 'worker-port', 'state-dir']

test.each([
  [['up', '--wrokers', '3'], 'Unknown argument: wrokers', 'unknown flag --wrokers; did you mean --workers?', 'up'],
  [['up', '--stateDir=x'], 'Unknown argument: stateDir', 'unknown flag --stateDir; did you mean --state-dir?', 'up'],
  [['up', '-q'], 'Unknown argument: q', 'unknown flag -q', 'up'],
  [['up', 'now'], 'Unknown argument: now', 'unexpected "now"', 'up'],
  [['sttus'], 'Unknown argument: sttus', 'unknown command "sttus"; did you mean status?', ''],
  [['config', 'shwo'], 'Unknown command: shwo', 'unknown command "shwo"; did you mean show?', 'config'],
  [['up', '--workers'], 'Not enough arguments following: workers', '--workers needs a value', 'up'],
  [['scale'], 'Not enough non-option arguments: got 0, need at least 1', '<workers> is missing', 'scale'],
  [['config', 'check'], 'the sentence of a check', 'the sentence of a check', 'config check'],
])('%j', (args, message, sentence, help) => {
  expect(usageLines(message, { args, flags, commands })).toEqual([
    `imgsvc: ${sentence}`,
    `Try \`imgsvc ${help === '' ? '' : `${help} `}--help\`.`,
  ])
})

test('several unknown names are told in one line, each once', () => {
  const line = { args: ['up', '--aa', '--bb'], flags, commands }
  expect(usageLines('Unknown arguments: aa, bb, aa', line)[0]).toBe('imgsvc: unknown flag --aa; unknown flag --bb')
})
