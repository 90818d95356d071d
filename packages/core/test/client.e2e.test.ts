import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { imageUrl } from '@imgsvc/core/url'
import { signedUrl } from '@imgsvc/core/url/signer'
import { expect, test } from 'vitest'
import { DIST, importGraph } from './built-client.ts'

const run = promisify(execFile)
const KEY = 'schlüssel 🔑'
const OPTIONS = { source: 'テスト/é ü.jpg', width: 300, height: -200, smart: true, filters: ['blur(4)', 'quality(80)'] }
const EXPRESSION = `imageUrl(${JSON.stringify(OPTIONS)}).sign(${JSON.stringify(KEY)})`
const EXPECTED = signedUrl(imageUrl(OPTIONS).path, KEY)
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)

test('the built client imports its own files only, and none of them names a global of Node', () => {
  const graph = importGraph()
  expect(graph.size).toBeGreaterThan(4)
  expect([...graph.keys()].every((path) => path === 'errors.js' || path.startsWith('url/'))).toBe(true)
  expect([...graph.values()].flat().filter((specifier) => !specifier.startsWith('.'))).toEqual([])
  for (const path of graph.keys()) {
    const code = readFileSync(`${DIST}${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(code.match(/\b(?:process|Buffer|global)\s*\.|\brequire\s*\(|\b__(?:dirname|filename)\b/g), path).toBeNull()
  }
})

test('its types need neither those of Node nor those of browsers, and refuse what is wrong', async () => {
  const project = mkdtempSync(fileURLToPath(new URL('../node_modules/.types-', import.meta.url)))
  try {
    writeFileSync(
      join(project, 'page.ts'),
      `import { imageUrl, type ImageUrlOptions } from '@imgsvc/core/url'
      const options: ImageUrlOptions = { source: 'a', width: 'orig', trim: { corner: 'top-left' } }
      export const signed: Promise<string> = imageUrl(options).sign('k')
      // @ts-expect-error a side is no text
      imageUrl({ source: 'a', width: '3' })
      // @ts-expect-error there is no such side
      imageUrl({ source: 'a', halign: 'centre' })`,
    )
    const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
    const flags = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2022', '--types', '']
    const { stdout } = await run(process.execPath, [tsc, ...flags, join(project, 'page.ts')])
    expect(stdout).toBe('')
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
})

test('it signs in a context without anything of Node', async () => {
  const fixture = fileURLToPath(new URL('./fixtures/sign-in-vm.mjs', import.meta.url))
  const { stdout } = await run(process.execPath, ['--experimental-vm-modules', fixture, DIST, EXPRESSION])
  expect(JSON.parse(stdout)).toEqual({ result: EXPECTED, process: 'undefined' })
})

test.skipIf(!CHROMIUM && !process.env.CI)('it signs in Chromium (skipped where none is installed)', async () => {
  const page = `<!doctype html><meta charset="utf-8"><script type="module">
    import { imageUrl } from '/url/client.js'
    document.body.textContent = await ${EXPRESSION}
  </script>`
  const graph = importGraph()
  const server = createServer(({ url = '' }, res) => {
    const path = url.slice(1)
    if (path === '') res.setHeader('content-type', 'text/html').end(page)
    else if (graph.has(path)) res.setHeader('content-type', 'text/javascript').end(readFileSync(`${DIST}${path}`))
    else res.writeHead(404).end()
  })
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      '--virtual-time-budget=10000',
    ]
    const { stdout } = await run(CHROMIUM ?? 'chromium', [...flags, '--dump-dom', `http://127.0.0.1:${port}/`], {
      timeout: 50_000,
    })
    expect(/<body>([^<]*)<\/body>/.exec(stdout)?.[1]).toBe(EXPECTED)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  }
})
