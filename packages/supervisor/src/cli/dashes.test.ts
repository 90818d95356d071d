import { expect, test } from 'vitest'
import { disguiseDashes, revealDashes } from './dashes.ts'

test('- and what follows -- are no flags any more, and come back as they were', () => {
  const args = disguiseDashes(['sign', '--key', 'k', '-', '--', '-30x20/a.jpg', 'b'])
  expect(args.slice(0, 3)).toEqual(['sign', '--key', 'k'])
  expect(args.slice(3).filter((arg) => arg.startsWith('-'))).toEqual([])
  const argv: Record<string, unknown> = { path: args[3], _: args.slice(4), count: 3 }
  revealDashes(argv)
  expect(argv).toEqual({ path: '-', _: ['-30x20/a.jpg', 'b'], count: 3 })
})
