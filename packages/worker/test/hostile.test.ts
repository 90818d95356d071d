import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorCode, type RunningApp, SAMPLES, startApp } from './app-fixture.ts'
import { sample } from './images/pictures.ts'
import { pngOf } from './images/png.ts'
import { tiffOf } from './images/tiff.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-hostile-'))
let app: RunningApp

const svg = (attributes: string, inside: string, prolog = '') =>
  `${prolog}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inside}</svg>`
const first = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(64)])
const gray = { bits: 8, colour: 'gray' } as const

/** A photo whose EXIF block is changed from this byte on. */
async function exifWith(offset: number, bytes: readonly number[]): Promise<Buffer> {
  const jpeg = await sharp(sample('coffee.png')).resize(60, 40).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  const block = jpeg.indexOf('Exif\0\0') + 6
  Buffer.from(bytes).copy(jpeg, block + offset)
  return jpeg
}

/** Where the value of the orientation, and where the place of the next directory stand in a block of sharp. */
async function exifPlaces() {
  const jpeg = await exifWith(0, [])
  const block = jpeg.subarray(jpeg.indexOf('Exif\0\0') + 6)
  const entries = block.readUInt16LE(8)
  const at = Array.from({ length: entries }, (_, i) => 10 + i * 12).find(
    (entry) => block.readUInt16LE(entry) === 0x0112,
  )
  return { orientation: (at as number) + 8, next: 10 + entries * 12 }
}

function frame(width: number, height: number): Buffer {
  const bytes = Buffer.from(sample('rocket.jpg'))
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  bytes.writeUInt16BE(height, at + 5)
  bytes.writeUInt16BE(width, at + 7)
  return bytes
}

const FILES: Readonly<Record<string, () => Promise<Buffer | string> | Buffer | string>> = {
  'empty.jpg': () => Buffer.alloc(0),
  'byte.jpg': () => Buffer.from([0xff]),
  'page.jpg': () => '<html><body>hello</body></html>',
  'polyglot.gif': () => 'GIF89a<?php system($_GET[0]); ?>',
  'flat.png': () => pngOf({ width: 16_384, height: 16_384, ...gray, rows: [] }),
  'flat-less.png': () => pngOf({ width: 16_383, height: 16_383, ...gray, rows: [] }),
  'said-65535.jpg': () => frame(65_535, 65_535),
  'said-65500.jpg': () => frame(65_500, 65_500),
  'bands.tiff': () =>
    tiffOf({ width: 1, height: 1, bits: 8, photometric: 'rgb', samplesPerPixel: 65_535, data: Buffer.alloc(65_535) }),
  'looping.tiff': () =>
    tiffOf({
      width: 8,
      height: 8,
      bits: 8,
      photometric: 'blackIsZero',
      samplesPerPixel: 1,
      data: Buffer.alloc(64),
      next: 8,
    }),
  'script.svg': () =>
    svg('width="9" height="9"', '<script>for(;;);</script><rect onload="for(;;);" width="9" height="9"/>'),
  'passwd.svg': () => svg('width="9" height="9"', '<image width="9" height="9" xlink:href="file:///etc/passwd"/>'),
  'bomb.svg': () => {
    const entities = Array.from({ length: 12 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`)
    return svg('width="9" height="9"', '<text>&e12;</text>', `<!DOCTYPE svg [<!ENTITY e0 "ha">${entities.join('')}]>`)
  },
  'deep.svg': () => svg('width="9" height="9"', '<g>'.repeat(100_000) + '</g>'.repeat(100_000)),
  'endless.svg': () => svg('viewBox="0 0 1e9 1e9"', '<rect width="9" height="9"/>'),
  'uses.svg': () => {
    const levels = Array.from({ length: 9 }, (_, i) => `<g id="g${i + 1}">${`<use href="#g${i}"/>`.repeat(10)}</g>`)
    return svg('width="9" height="9"', `<defs><rect id="g0"/>${levels.join('')}</defs><use href="#g9"/>`)
  },
  'photo.heic': () => first('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
  'photo.jxl': () => first('\xff\x0a'),
  'paper.pdf': () => first('%PDF-1.7\n'),
  'paper.eps': () => first('%!PS-Adobe-3.0 EPSF-3.0\n'),
  'raw.vips': () => first('\x08\xf2\xa6\xb6'),
  'draw.mvg': () => 'push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 "/etc/passwd"\npop graphic-context',
  'icc.jpg': async () => {
    const bytes = await sharp(sample('coffee.png')).withIccProfile('p3').jpeg().toBuffer()
    return bytes.fill(0xaa, bytes.indexOf('ICC_PROFILE') + 40, bytes.indexOf('ICC_PROFILE') + 300)
  },
  'cmyk-icc.jpg': () => sharp(sample('coffee.png')).withIccProfile('cmyk').jpeg().toBuffer(),
  'deep.png': () => pngOf({ width: 2, height: 1, bits: 16, colour: 'rgb', rows: [Buffer.alloc(12, 0x7f)] }),
  'gray-alpha.png': () =>
    pngOf({ width: 2, height: 1, bits: 8, colour: 'grayAlpha', rows: [Buffer.from([1, 2, 3, 4])] }),
  'one.png': () => pngOf({ width: 1, height: 1, ...gray, rows: [Buffer.from([7])] }),
  'orientation-0.jpg': async () => exifWith((await exifPlaces()).orientation, [0, 0]),
  'orientation-9.jpg': async () => exifWith((await exifPlaces()).orientation, [9, 0]),
  'exif-loop.jpg': async () => exifWith((await exifPlaces()).next, [8, 0, 0, 0]),
  'exif-noise.jpg': () =>
    exifWith(
      4,
      Array.from({ length: 60 }, (_, i) => (i * 37) & 255),
    ),
}

beforeAll(async () => {
  for (const [name, make] of Object.entries(FILES)) writeFileSync(join(root, name), await make())
  app = await startApp({
    sources: [
      { type: 'file', root },
      { type: 'file', root: SAMPLES },
    ],
    images: { respectOrientation: true, preserveExif: true, autoWebp: true },
    limits: { filters: 100 },
  })
})
afterAll(async () => {
  await app.stop()
  rmSync(root, { recursive: true })
})

/** After every row the worker is as well as before. */
afterEach(async () => {
  expect((await app.get('/healthcheck')).status).toBe(200)
  expect((await app.signed('10x10/coffee.png')).status).toBe(200)
  expect(await app.metrics()).toContain('imgsvc_renders_in_flight 0')
})

describe('sources', () => {
  const DECODED = { status: [200], code: undefined }
  const UNDECODABLE = { status: [400], code: 'SOURCE_UNDECODABLE' }
  const TOO_MANY = { status: [400], code: 'SOURCE_TOO_MANY_PIXELS' }
  const UNSUPPORTED = { status: [415], code: 'SOURCE_UNSUPPORTED' }

  test.each([
    ['empty.jpg', UNDECODABLE],
    ['byte.jpg', UNDECODABLE],
    ['page.jpg', UNDECODABLE],
    ['polyglot.gif', UNDECODABLE],
    ['flat.png', TOO_MANY],
    ['flat-less.png', TOO_MANY],
    // libjpeg reads no more than 65,500.
    ['said-65535.jpg', UNDECODABLE],
    ['said-65500.jpg', TOO_MANY],
    ['bands.tiff', UNDECODABLE],
    ['looping.tiff', { status: [200, 400], code: 'SOURCE_UNDECODABLE' }],
    ['script.svg', DECODED],
    ['passwd.svg', DECODED],
    ['bomb.svg', UNDECODABLE],
    ['deep.svg', UNDECODABLE],
    ['endless.svg', UNDECODABLE],
    ['uses.svg', UNDECODABLE],
    ['photo.heic', UNSUPPORTED],
    ['photo.jxl', UNSUPPORTED],
    ['paper.pdf', UNSUPPORTED],
    ['paper.eps', UNSUPPORTED],
    ['raw.vips', UNDECODABLE],
    ['draw.mvg', UNDECODABLE],
    ['icc.jpg', DECODED],
    ['cmyk-icc.jpg', DECODED],
    ['deep.png', DECODED],
    ['gray-alpha.png', DECODED],
    ['one.png', DECODED],
    ['orientation-0.jpg', DECODED],
    ['orientation-9.jpg', DECODED],
    ['exif-loop.jpg', DECODED],
    ['exif-noise.jpg', DECODED],
  ])('%s', async (name, { status, code }) => {
    for (const path of [`20x20/${name}`, `0x0/filters:format(jpeg)/${name}`]) {
      const started = performance.now()
      const reply = await app.signed(path)
      expect(status).toContain(reply.status)
      if (reply.status === 200) expect((await sharp(reply.body).metadata()).width).toBeGreaterThan(0)
      else expect(errorCode(reply)).toBe(code)
      expect(performance.now() - started).toBeLessThan(10_000)
    }
  })
})

describe('sizes', () => {
  test.each([
    ['30000x30000', 400],
    ['0x0', 200],
    ['-0x5', 200],
    ['99999999999x1', 400],
    ['full-fit-in/30000x30000', 400],
    ['100x0:100x0/5x5', 200],
    ['99999999999x99999999999:0x0/5x5', 200],
  ])('%s → %i', async (size, status) => {
    const reply = await app.signed(`${size}/coffee.png`)
    expect(reply.status).toBe(status)
    if (status === 400) expect(errorCode(reply)).toBe('OUTPUT_TOO_LARGE')
  })

  test('that are none are part of the name of the picture', async () => {
    expect((await app.signed('1e9x1/coffee.png')).status).toBe(404)
  })
})

describe('filters', () => {
  const weights = Array(10_000).fill('1').join(';')

  test.each([
    ['proportion(10000)', [200]],
    ['blur(1000000000)', [200, 400]],
    ['rotate(NaN)', [200]],
    ['quality(-5)', [200]],
    ['quality(9999)', [200]],
    ['round_corner(1000000000,0,0,0)', [200]],
    ['convolution(1;2,0,true)', [200]],
    ['convolution(1;2;1,0,true)', [200]],
    [`convolution(${weights},100,true)`, [414, 431]],
    [`convolution(${'1;'.repeat(3000)}!,3,true)`, [200]],
    [Array(1000).fill('blur(1)').join(':'), [400]],
    [Array(200).fill('watermark(one.png,0,0,0)').join(':'), [400]],
    ['filters:filters:blur(1', [200, 400, 404]],
    ['((((', [200, 400, 404]],
  ] as [string, number[]][])('%s', async (filters, allowed) => {
    const started = performance.now()
    const reply = await app.signed(`50x50/filters:${filters}/coffee.png`)
    expect(allowed).toContain(reply.status)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('requests', () => {
  test.each([
    ['a URL of 64 KB', `/${'a'.repeat(65_536)}`],
    ['10,000 slashes', `/unsafe${'/'.repeat(10_000)}a.jpg`],
    ['parentheses that do not match', `/unsafe/filters:${'('.repeat(5000)}/a.jpg`],
    ['lists of filters in each other', `/unsafe/${'filters:'.repeat(1000)}/a.jpg`],
  ])('%s', async (_, path) => {
    const started = performance.now()
    const { status } = await app.get(path).catch(() => ({ status: 431 }))
    expect([400, 404, 414, 431]).toContain(status)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('headers out of any measure change nothing but what they say', async () => {
    const ask = (headers: Record<string, string>) => app.signed('30x30/coffee.png', { headers })
    const long = Array(700).fill('text/x;q=0.1').join(',')
    expect((await ask({ accept: `${long},image/webp` })).headers['content-type']).toBe('image/webp')
    expect((await ask({ accept: 'image/webp;q=0' })).headers['content-type']).toBe('image/png')
    const ranges = `bytes=9-1,${Array(1000).fill('0-0').join(',')}`
    expect((await ask({ range: ranges })).status).toBe(200)
    for (const tag of ['"', 'W/', '"a",', '*"', ','.repeat(5000)])
      expect((await ask({ 'if-none-match': tag })).status).toBe(200)
    expect((await ask({ 'if-none-match': '*' })).status).toBe(304)
    expect((await ask({ 'if-modified-since': 'not a date' })).status).toBe(200)
  })
})
