import { expect, test } from 'vitest'
import { readArguments } from './arguments.ts'
import { ROWS } from './rows.ts'

const numbers = (args: readonly string[]) => readArguments(args, ROWS).rows.map(({ number }) => number)

test('without arguments the whole plan runs, with --quick its short rows', () => {
  expect(numbers([])).toEqual(ROWS.map(({ number }) => number))
  expect(numbers(['--quick'])).toEqual(ROWS.filter(({ isQuick }) => isQuick).map(({ number }) => number))
  expect(readArguments([], ROWS)).toMatchObject({ rate: 200, isQuick: false, json: false, writeDocs: false })
  expect(readArguments(['--quick'], ROWS)).toMatchObject({ rate: 100, isQuick: true })
})

test('rows are chosen by number, also long ones with --quick', () => {
  expect(numbers(['--rows', '4, 1', '--quick'])).toEqual([4, 1])
  expect(numbers(['--rows=9', '--quick'])).toEqual([9])
})

test.each([
  [['--rows', '1,2'], /no row "2"; there are 1, 3, 4/],
  [['--rows', ''], /no row ""/],
  [['--rate', 'much'], /--rate: expected a number from 1 to 2000, got "much"/],
  [['--rate', '0'], /--rate/],
  [['--fast'], /--fast/],
  [['1'], /1/],
])('%j is refused with a sentence', (args, sentence) => {
  expect(() => readArguments(args, ROWS)).toThrow(sentence)
})

test('rows are in order and none is there twice', () => {
  const all = ROWS.map(({ number }) => number)
  expect(all).toEqual([...new Set(all)].sort((a, b) => a - b))
})
