import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from '@imgsvc/core/url/percent'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Reply, type RunningApp, startApp } from './app-fixture.ts'
import { formOf } from './form.ts'
import { DIFFERENT, type Expected, isSequel, LEFT, ROWS, type Row, settingsOf } from './http-vectors.ts'
import { meanDifference } from './images/pictures.ts'
import { writeFixtures } from './images/thumbor-fixtures.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-http-'))
const FAILING_DETECTOR = new URL('./fixtures/stub-detector-thread.mjs', import.meta.url)
const apps = new Map<string, Promise<RunningApp>>()

/** What thumbor's upstream of the row does next: a status, or nothing at all. */
let upstreamStatus: number | undefined
const upstream = createServer((_req, res) => {
  if (upstreamStatus !== undefined) res.writeHead(upstreamStatus).end()
})
let upstreamHost: string

beforeAll(async () => {
  await writeFixtures(root)
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  upstreamHost = `127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(async () => {
  await Promise.all([...apps.values()].map(async (app) => (await app).stop()))
  upstream.closeAllConnections()
  upstream.close()
  rmSync(root, { recursive: true, force: true })
})

/** Where the row's loader looks; the picture beside a watermark from elsewhere is a file. */
function sourcesOf({ config, request }: Row) {
  const loader = String(config.LOADER)
  const file = { type: 'file', root } as const
  const http = { type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'], timeout: 300 } as const
  if (loader.endsWith('.http_loader')) return request.path.endsWith('/image.jpg') ? [file, http] : [http]
  return loader.endsWith('_http_fallback') ? [file, http] : [file]
}

/** One application for each configuration, started when it is first asked for. */
async function appFor(row: Row): Promise<RunningApp> {
  const { config } = row
  const sources = sourcesOf(row)
  const key = JSON.stringify([
    config,
    sources,
    row.precondition?.includes('get() raises'),
    row.precondition?.includes('server key'),
  ])
  const known = await apps.get(key)
  if (known) return known
  const keepsResults = config.RESULT_STORAGE !== undefined && !String(config.RESULT_STORAGE).includes('no_storage')
  const { precondition = '' } = row
  const serverKey = /server key (\w+)/.exec(precondition)?.[1]
  const { DETECTORS, ...others } = config
  const detection = settingsOf(others, 'detection')
  const failing = { detectors: ['face' as const], faceCascade: 'throw' }
  const app = startApp(
    {
      sources,
      ...(keepsResults ? {} : { results: { type: 'none' } }),
      // A directory that is a file.
      ...(precondition.includes('get() raises') && { results: { type: 'file', root: join(root, 'image.jpg') } }),
      images: settingsOf(config, 'images'),
      responses: settingsOf(config, 'responses'),
      balancer: settingsOf(config, 'balancer'),
      detection: DETECTORS === undefined ? detection : { ...detection, ...failing },
      security: {
        key: 'ACME-SEC',
        allowUnsafe: true,
        ...settingsOf(config, 'security'),
        ...(serverKey !== undefined && { key: serverKey }),
      },
      upload: settingsOf(config, 'upload'),
      compat: { ...settingsOf(config, 'compat'), thumborStatus: true, blacklistSubstring: true },
    },
    DETECTORS === undefined ? {} : { detectorProgram: FAILING_DETECTOR },
  )
  apps.set(key, app)
  return app
}

async function ask(row: Row): Promise<Reply> {
  const app = await appFor(row)
  const { method, headers = {} } = row.request
  const path = row.request.path.replace('up.example', upstreamHost)
  prepareStorage(row, app)
  upstreamStatus = Number(/upstream status (\d+)/.exec(row.precondition ?? '')?.[1]) || undefined
  const send = (more: Readonly<Record<string, string>>) => app.get(path, { method, headers: { ...headers, ...more } })
  if (headers['If-None-Match'] === '<etag>') {
    const { headers: found } = await app.get(path, { method })
    return send({ 'If-None-Match': String(found.etag) })
  }
  const first = await send({})
  if (!row.precondition?.includes('already stored') && row.expected.stored !== true) return first
  return vi.waitFor(async () => {
    const reply = await send({})
    expect(reply.headers['x-cache']).toBe('HIT')
    return reply
  })
}

/** What the row's precondition says is kept already: a key beside an image, or the image itself. */
function prepareStorage({ precondition = '', request: { path } }: Row, { dir }: RunningApp): void {
  const [, key] = /storage holds (?:key )?(\w+) for/.exec(precondition) ?? []
  const [, , , signed] = path.split('/')
  if (key !== undefined && signed !== undefined) {
    writeFileSync(`${storedAt(dir, signed)}.txt`, key)
    const name = decodeURIComponent(signed)
    if (name !== 'image.jpg') copyFileSync(join(root, 'image.jpg'), join(root, name))
  }
  if (precondition.includes('already holds an image')) {
    const source = quote(path.replace('/unsafe/', '').replace('up.example', upstreamHost))
    copyFileSync(join(root, 'image.jpg'), storedAt(dir, source))
  }
}

/** Where thumbor's file storage has an original; its folder is made. */
function storedAt(dir: string, source: string): string {
  const digest = createHash('sha1').update(source).digest('hex')
  const folder = join(dir, 'originals', digest.slice(0, 2))
  mkdirSync(folder, { recursive: true })
  return join(folder, digest.slice(2))
}

/** Location of the last upload of an application. */
const locations = new Map<RunningApp, string>()

/** What rows that are not in the file had done before this one. */
const BEFORE: Readonly<Record<number, string>> = { 114: '/blacklist?image.jpg', 174: '/blacklist?banana.jpg' }

/** Sends a row that builds on what earlier ones left in the application. */
async function askSequel(index: number, row: Row): Promise<Reply> {
  const app = await appFor(row)
  const { method, headers, body, multipart } = row.request
  if (BEFORE[index]) expect((await app.get(BEFORE[index], { method: 'PUT' })).status).toBe(200)
  const path = row.request.path.startsWith('{') ? String(locations.get(app)) : row.request.path
  const form = multipart && formOf(multipart.field, multipart.filename, bytesOf(multipart.content))
  const reply = await app.get(path, {
    method,
    headers: { ...headers, ...form?.headers },
    ...(body && { body: bytesOf(body) }),
    ...(form && { body: form.body }),
  })
  if (reply.headers.location) locations.set(app, reply.headers.location)
  const { stored } = row.expected
  if (stored !== undefined) expect((await app.get(String(locations.get(app)))).status).toBe(stored ? 200 : 404)
  return reply
}

function bytesOf(text: string): Buffer {
  const [, fixture, literal] = /^fixture (.+)$|'(.*)'$/.exec(text) ?? []
  return fixture === undefined ? Buffer.from(literal as string) : readFileSync(join(root, fixture))
}

const FILES: Readonly<Record<string, string>> = {
  default_image: 'image.jpg',
  valid_image: 'alabama1_ap620é.jpg',
  alabama1: 'alabama1_ap620é.jpg',
  space_image: 'image space.jpg',
  animated_image: 'animated.gif',
}

function checkHeaders({ headers }: Reply, expected: Expected): void {
  for (const [name, value] of Object.entries(expected.headers_equal ?? {})) {
    expect(headers[name.toLowerCase()], name).toBe(value)
  }
  for (const [name, value] of Object.entries(expected.header_contains ?? {})) {
    expect(headers[name.toLowerCase()], name).toContain(value)
  }
  for (const name of expected.headers_present ?? []) expect(headers[name.toLowerCase()], name).toBeDefined()
  for (const name of expected.headers_absent ?? []) expect(headers[name.toLowerCase()], name).toBeUndefined()
}

async function checkPicture({ body }: Reply, expected: Expected): Promise<void> {
  const wanted = {
    ...(expected.body_format && { format: expected.body_format === 'avif' ? 'heif' : expected.body_format }),
    ...(expected.image_size && { width: expected.image_size[0], height: expected.image_size[1] }),
    ...(expected.progressive_jpeg !== undefined && { isProgressive: expected.progressive_jpeg }),
  }
  if (Object.keys(wanted).length > 0) expect(await sharp(body).metadata()).toMatchObject(wanted)
  if (expected.exif_in_output !== undefined) {
    expect((await sharp(body).metadata()).exif !== undefined).toBe(expected.exif_in_output)
  }
  if (expected.body_similar_ssim_gt_0_95 !== undefined) {
    const own = readFileSync(join(root, FILES[expected.body_similar_ssim_gt_0_95] as string))
    const pixels = (bytes: Buffer) => sharp(bytes).removeAlpha().raw().toBuffer()
    expect(meanDifference(await pixels(body), await pixels(own))).toBeLessThan(6)
  }
}

function checkDocument({ body }: Reply, expected: Expected): void {
  const wanted = {
    ...(expected.meta_target_width && {
      target: { width: expected.meta_target_width, height: expected.meta_target_height },
    }),
    ...(expected.meta_frameCount && { source: { frameCount: expected.meta_frameCount } }),
    ...(expected.meta_source && { source: expected.meta_source }),
  }
  if (Object.keys(wanted).length > 0) expect(JSON.parse(body.toString())).toMatchObject({ thumbor: wanted })
}

const CHECKED = new Set<keyof Expected>([
  'status',
  'headers_equal',
  'header_contains',
  'headers_present',
  'headers_absent',
  'body_format',
  'body_equal',
  'body_contains',
  'location_regex',
  'body_empty',
  'body_similar_ssim_gt_0_95',
  'image_size',
  'exif_in_output',
  'progressive_jpeg',
  'stored',
  'meta_target_width',
  'meta_target_height',
  'meta_frameCount',
  'meta_source',
])

async function check(reply: Reply, expected: Expected): Promise<void> {
  expect(Object.keys(expected).filter((key) => !CHECKED.has(key as keyof Expected))).toEqual([])
  if (expected.status !== undefined) {
    expect(reply.status, reply.body.toString('latin1', 0, 200)).toBe(expected.status)
  }
  if (expected.body_equal !== undefined) expect(reply.body.toString()).toBe(expected.body_equal)
  if (expected.body_contains !== undefined) expect(reply.body.toString()).toContain(expected.body_contains)
  if (expected.location_regex) expect(reply.headers.location).toMatch(new RegExp(`^${expected.location_regex}$`))
  if (expected.body_empty) expect(reply.body.length).toBe(0)
  checkHeaders(reply, expected)
  await checkPicture(reply, expected)
  checkDocument(reply, expected)
}

const run = [...ROWS.entries()].filter(([index]) => !LEFT.has(index))

describe(`http.json: ${run.length} of ${ROWS.length} rows, ${Object.keys(DIFFERENT).length} of them different on purpose`, () => {
  for (const [index, row] of run) {
    const different = DIFFERENT[index]
    const name = `${row.request.method} ${row.request.path} ${row.request.headers?.Accept ?? ''}`
    test(`${index}: ${name}${different ? `: ${different.why}` : ''}`, async () => {
      const expected = different?.expected ?? row.expected
      // A difference that is none any more does not belong on the list.
      if (different) expect(expected).not.toEqual(row.expected)
      await check(await (isSequel(row) ? askSequel(index, row) : ask(row)), expected)
    })
  }
})

describe('docs/thumbor.md', () => {
  const page = readFileSync(new URL('../../../docs/thumbor.md', import.meta.url), 'utf8')
  const same = run.length - Object.keys(DIFFERENT).length

  test(`says that ${same} rows are the same, and ${Object.keys(DIFFERENT).length} different on purpose`, () => {
    expect(run.length + LEFT.size).toBe(ROWS.length)
    for (const index of Object.keys(DIFFERENT)) expect(LEFT.has(Number(index)), index).toBe(false)
    const counts = `${ROWS.length} | ${same} | ${Object.keys(DIFFERENT).length} below, ${LEFT.size} not run, below`
    expect(page).toContain(`| requests and answers over HTTP (\`http.json\`) | ${counts} |`)
  })

  test.each(Object.entries(DIFFERENT))('has row %s among those that are different', (index, { why }) => {
    const { method, path } = (ROWS[Number(index)] as Row).request
    expect(page).toContain(`| ${index} | \`${method} ${path}\` | ${why} |`)
  })

  test.each([...new Set(LEFT.values())])('tells which rows are left out as: %s', (reason) => {
    const rows = [...LEFT].filter(([, why]) => why === reason).map(([index]) => index)
    expect(page).toContain(`| ${rows.join(', ')} | ${reason} |`)
  })
})
