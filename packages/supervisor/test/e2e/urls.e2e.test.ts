import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'
import { cleanEnv, PROGRAM, runCli } from './run-cli.ts'

function vectorsOf<T>(name: string): readonly T[] {
  const file = new URL(`../../../core/test/vectors/thumbor/${name}`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly T[] }).vectors
}

const linesOf = (text: string) => text.split('\n').slice(0, -1)

describe('url parse', () => {
  test('every path of url-parse.json through one process: the fields, and one line each', async () => {
    const vectors = vectorsOf<{ readonly url: string; readonly expected: object | null }>('url-parse.json')
    const input = vectors.map(({ url }) => `${url}\n`).join('')
    const { code, stdout, stderr } = await runCli(['url', 'parse', '--json', '-'], { input })
    const expected = vectors.map(({ expected: fields }) =>
      fields !== null && 'error' in fields ? { error: fields.error } : fields,
    )
    expect(linesOf(stdout)).toEqual(expected.map((fields) => JSON.stringify(fields)))
    const refused = expected.filter((fields) => fields === null || 'error' in fields).length
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `imgsvc: ${refused} of ${vectors.length} lines are no image URLs\n`,
    })
  })

  test('a line is what ends in a line feed, whatever else it holds', async () => {
    const names = ['a\u2028b.jpg', 'a\rb.jpg', '\ufeffa.jpg', `${'x'.repeat(300_000)}.jpg`]
    const input = `${names.map((name) => `/unsafe/${name}`).join('\r\n')}\n\n/unsafe/last.jpg`
    const { code, stdout } = await runCli(['url', 'parse', '-'], { input })
    const images = linesOf(stdout).map((line) => (JSON.parse(line) as { image: string } | null)?.image)
    expect(images).toEqual([...names, undefined, 'last.jpg'])
    expect(code).toBe(1)
  })

  test('all lines are fine: exit code 0 and nothing on stderr', async () => {
    const { code, stdout, stderr } = await runCli(['url', 'parse', '-'], { input: '/unsafe/300x200/a.jpg\n' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ unsafe: true, width: 300, height: 200, image: 'a.jpg' })
  })

  test('one path as an argument is the same value; --json puts it on one line', async () => {
    const path = '/unsafe/300x200/filters:blur(4)/a.jpg'
    const [pretty, line] = await Promise.all([runCli(['url', 'parse', path]), runCli(['url', 'parse', '--json', path])])
    expect(linesOf(line.stdout)).toHaveLength(1)
    expect(JSON.parse(pretty.stdout)).toEqual(JSON.parse(line.stdout))
    const { code, stdout, stderr } = await runCli(['url', 'parse', '/unsafe/%ff.jpg'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe('imgsvc: The URL is not a valid image URL: its percent escapes are not UTF-8\n')
  })

  test('a reader that leaves ends it quietly, though its input goes on', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'url', 'parse', '-'], { env: cleanEnv() })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text
    })
    child.stdin.on('error', () => {})
    const chunk = '/unsafe/300x200/smart/a.jpg\n'.repeat(2000)
    const feed = () => {
      while (child.stdin.writable && child.stdin.write(chunk)) {
        // until it is full
      }
    }
    child.stdin.on('drain', feed)
    feed()
    child.stdout.once('data', () => child.stdout.destroy())
    const code = await new Promise((resolve) => child.once('close', resolve))
    child.stdin.destroy()
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
  })

  test('a slow reader holds it back: what waits does not grow with the input', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'url', 'parse', '-'], { env: cleanEnv(), stdio: 'pipe' })
    const chunk = '/unsafe/300x200/smart/a.jpg\n'.repeat(2000)
    const limit = 20 * 1024 * 1024
    let written = 0
    const feed = () => {
      while (written < limit) {
        written += chunk.length
        if (!child.stdin.write(chunk)) return
      }
    }
    child.stdin.on('error', () => {})
    child.stdin.on('drain', feed)
    feed()
    // It is at work; from here on nobody takes what it prints.
    await new Promise((resolve) => child.stdout.once('readable', resolve))
    let before = -1
    for (let looks = 0; looks < 40 && written !== before && written < limit; looks++) {
      before = written
      await sleep(500)
    }
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(written).toBeLessThan(limit / 4)
  })
})

describe('sign', () => {
  test('every signature of signing.json, one process for each key', async () => {
    const vectors = vectorsOf<{
      readonly key: string
      readonly path: string | null
      readonly signature: string | null
    }>('signing.json').filter(({ path }) => path !== null)
    for (const key of new Set(vectors.map((vector) => vector.key))) {
      const signing = vectors.filter((vector) => vector.key === key)
      const { code, stdout } = await runCli(['sign', '--key', key, '-'], {
        input: signing.map(({ path }) => `${path}\n`).join(''),
      })
      expect(code).toBe(0)
      expect(linesOf(stdout)).toEqual(signing.map(({ path, signature }) => `/${signature}/${path}`))
    }
  })
})

describe('url', () => {
  test.each<[readonly string[], string]>([
    [['--size', '300x200', '--smart', 'a.jpg'], '300x200/smart/a.jpg'],
    [['--size=-300xorig', '--flip-v', 'a.jpg'], '-300x-orig/a.jpg'],
    [['--width', '30', '--adaptive', '--full', 'a.jpg'], 'adaptive-full-fit-in/30x0/a.jpg'],
    [
      ['--meta', '--debug', '--trim', 'bottom-right:9', '--crop', '1x2:30x40', 'a.jpg'],
      'debug/meta/trim:bottom-right:9/1x2:30x40/a.jpg',
    ],
    [
      ['--halign', 'left', '--valign', 'bottom', '--filters', 'blur(4)', '--filters', 'quality(8):rgb(1,2,3)', 'é.jpg'],
      'left/bottom/filters:blur(4):quality(8):rgb(1,2,3)/%C3%A9.jpg',
    ],
  ])('%j, and parse reads the same back', async (flags, path) => {
    const { stdout } = await runCli(['url', '--unsafe', ...flags])
    expect(stdout).toBe(`/unsafe/${path}\n`)
    const parsed = JSON.parse((await runCli(['url', 'parse', stdout.trim()])).stdout)
    expect(parsed.image).toBe(flags.at(-1))
    expect(parsed.smart).toBe(flags.includes('--smart'))
    expect(parsed.fit_in).toBe(flags.includes('--adaptive'))
    expect(parsed.horizontal_flip).toBe(flags.some((flag) => flag.startsWith('--size=-')))
  })
})

describe('filters', () => {
  test('lists all of them with an example, and one with its arguments', async () => {
    const { filters } = JSON.parse(
      readFileSync(new URL('../../../worker/catalogue.json', import.meta.url), 'utf8'),
    ) as { filters: { name: string; example: string }[] }
    const { code, stdout } = await runCli(['filters'])
    expect(code).toBe(0)
    expect(linesOf(stdout)).toHaveLength(filters.length + 1)
    for (const { example } of filters) expect(stdout).toContain(example)
    expect(JSON.parse((await runCli(['filters', '--json'])).stdout)).toEqual(filters)

    const one = await runCli(['filters', 'blur'])
    expect(one.stdout).toMatch(/^blur\(radius, sigma\?\)\n/)
    expect(one.stdout).toContain('  example: blur(7)\n')
    expect(JSON.parse((await runCli(['filters', 'blur', '--json'])).stdout)).toMatchObject({ name: 'blur' })
  })

  test('an unknown one is told the nearest', async () => {
    const { code, stderr } = await runCli(['filters', 'blurr'])
    expect(code).toBe(1)
    expect(stderr).toContain('there is no filter "blurr"; did you mean blur?')
  })
})

test('completion knows the commands', async () => {
  const { stdout } = await runCli(['--get-yargs-completions', 'imgsvc', 'ex'])
  expect(stdout).toMatch(/^explain(:|$)/m)
  const filters = await runCli(['--get-yargs-completions', 'imgsvc', 'fil'])
  expect(filters.stdout).toMatch(/^filters(:|$)/m)
})
