import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync(new URL('./imgsvc', import.meta.url), 'utf8')
/** The patterns of each part, and what is between its braces. */
const parts = [...text.matchAll(/^(\/[^{]*)\{([^}]*)\}/gm)].map(([, patterns = '', body = '']) => ({
  patterns: patterns.trim().split(/\s+/),
  body,
}))

/** A glob of `*` and `[0-9]`, as glob(7) reads it within one directory. */
const matches = (pattern: string, path: string) => {
  const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')
  return new RegExp(`^${source}$`).test(path)
}

test('every log belongs to one part: logrotate refuses a file that is named twice', () => {
  const partsOf = (name: string) =>
    parts.flatMap(({ patterns }, at) => patterns.filter((one) => matches(one, `/var/log/imgsvc/${name}`)).map(() => at))
  for (const name of ['supervisor', 'balancer-0', 'worker-3', 'worker-12']) {
    expect([name, partsOf(`${name}.log`)]).toEqual([name, [0]])
    expect([name, partsOf(`${name}.stderr.log`)]).toEqual([name, [1]])
    for (const rotated of ['.1', '.2.gz']) expect(partsOf(`${name}.log${rotated}`)).toEqual([])
  }
})

test('logs are opened anew after they were moved; raw output is copied', () => {
  expect(parts[0]?.body).toMatch(/postrotate\s+imgsvc logs --reopen .*\s+endscript/)
  expect(parts[0]?.body).not.toContain('copytruncate')
  expect(parts[1]?.body).toContain('copytruncate')
})
