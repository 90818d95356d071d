import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { IMAGES, make, pixelAt, pixels } from '../../test/images/pictures.ts'
import { probe } from './decode.ts'
import { setUpSharp } from './sharp-setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'svg-'))
const SECRET = 'a secret of this machine'
let canary: Server
let origin: string
let asked = 0

beforeAll(async () => {
  setUpSharp()
  const green = sharp({ create: { width: 50, height: 50, channels: 3, background: '#0f0' } })
  const png = await green.png().toBuffer()
  writeFileSync(join(folder, 'secret.png'), png)
  writeFileSync(join(folder, 'secret.txt'), SECRET)
  writeFileSync(join(folder, 'secret.svg'), svg('width="50" height="50"', '<rect width="50" height="50" fill="#0f0"/>'))
  writeFileSync(join(folder, 'secret.css'), 'rect { fill: #0f0 !important }')
  canary = createServer((_, res) => {
    asked++
    res.end(png)
  }).listen(0, '127.0.0.1')
  await once(canary, 'listening')
  origin = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`
})
afterAll(() => {
  canary.close()
  rmSync(folder, { recursive: true })
})

function svg(attributes: string, inside: string, prolog = ''): Buffer {
  return Buffer.from(
    `${prolog}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
      `xmlns:xi="http://www.w3.org/2001/XInclude" ${attributes}>${inside}</svg>`,
  )
}

describe('an SVG', () => {
  /** What might be fetched or read, by name. `AT` stands for the address. */
  const WAYS: Readonly<Record<string, readonly [inside: string, prolog?: string]>> = {
    'image xlink:href': ['<image width="50" height="50" xlink:href="AT"/>'],
    'image href': ['<image width="50" height="50" href="AT"/>'],
    use: ['<use xlink:href="AT#x"/>'],
    feImage: ['<filter id="f"><feImage href="AT"/></filter><rect width="50" height="50" filter="url(#f)"/>'],
    'css @import': ['<style>@import url("AT");</style><rect width="50" height="50" fill="none"/>'],
    'a stylesheet': ['<rect width="50" height="50" fill="none"/>', '<?xml-stylesheet type="text/css" href="AT"?>'],
    'css url()': ['<rect width="50" height="50" style="fill: url(AT#x); stroke: none"/>'],
    'a font': [
      '<style>@font-face { font-family: x; src: url("AT") }</style><text font-family="x" fill="none">x</text>',
    ],
    'xi:include': ['<text fill="#0f0"><xi:include href="AT" parse="text"/></text>'],
    'xi:include of a drawing': ['<xi:include href="AT"/>'],
    'an entity': ['<text fill="#0f0">&x;</text>', '<!DOCTYPE svg [<!ENTITY x SYSTEM "AT">]>'],
    'a parameter entity': ['', '<!DOCTYPE svg [<!ENTITY % x SYSTEM "AT"> %x;]>'],
    'a document type': ['', '<!DOCTYPE svg SYSTEM "AT">'],
    'a foreign object': [
      '<foreignObject width="50" height="50"><img xmlns="http://www.w3.org/1999/xhtml" src="AT"/></foreignObject>',
    ],
    'a script': ['<script href="AT"/><script>document.documentElement.innerHTML = "x"</script>'],
  }

  const addresses = () => [
    `${origin}/secret.png`,
    ...['png', 'svg', 'css', 'txt'].flatMap((kind) => {
      const path = join(folder, `secret.${kind}`)
      return [path, `file://${path}`, `secret.${kind}`]
    }),
    'file:///etc/passwd',
    '/etc/passwd',
  ]

  test.each(Object.entries(WAYS))('reads no file and asks no server: %s', async (_, [inside, prolog = '']) => {
    for (const address of addresses()) {
      const source = svg('width="50" height="50"', inside.replaceAll('AT', address), prolog.replaceAll('AT', address))
      const picture = await make({ source }).catch((error) => error)
      if (picture.code) expect(picture.code).toBe('SOURCE_UNDECODABLE')
      else expect((await pixels(picture.data)).data.every((byte) => byte === 0)).toBe(true)
    }
    expect(asked).toBe(0)
  })

  test('shows a picture it carries itself, which proves that the ways above are drawn', async () => {
    const png = await sharp({ create: { width: 5, height: 5, channels: 3, background: '#0f0' } })
      .png()
      .toBuffer()
    const inside = `<image width="50" height="50" xlink:href="data:image/png;base64,${png.toString('base64')}"/>`
    const picture = await pixels((await make({ source: svg('width="50" height="50"', inside) })).data)
    expect(pixelAt(picture, 25, 25)).toEqual([0, 255, 0, 255])
    expect((await fetch(origin)).status).toBe(200)
    expect(asked).toBe(1)
    asked = 0
  })
})

describe('a hostile SVG', () => {
  const within = async (source: Buffer, ms: number) => {
    const started = performance.now()
    const answer = await make({ source, asked: { width: 100, height: 100 } }).catch((error) => error)
    expect(['SOURCE_UNDECODABLE', 'SOURCE_TOO_MANY_PIXELS', undefined]).toContain(answer.code)
    expect(performance.now() - started).toBeLessThan(ms)
    return answer
  }

  test('of entities that multiply is refused or drawn without them', async () => {
    const bomb = (times: number, levels: number) => {
      const entities = Array.from({ length: levels }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(times)}">`)
      return `<!DOCTYPE svg [<!ENTITY e0 "ha">${entities.join('')}]>`
    }
    await within(svg('width="10" height="10"', '<text>&e12;</text>', bomb(10, 12)), 5000)
    await within(svg('width="10" height="10"', '<text>&e2;</text>', bomb(3000, 2)), 5000)
  })

  test('of 100,000 groups in each other is refused', async () => {
    const depth = 100_000
    const source = svg(
      'width="10" height="10"',
      `${'<g>'.repeat(depth)}<rect width="9" height="9"/>${'</g>'.repeat(depth)}`,
    )
    expect((await within(source, 10_000)).code).toBe('SOURCE_UNDECODABLE')
  })

  test('of references that multiply is refused or drawn without them', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `<g id="g${i + 1}">${`<use xlink:href="#g${i}"/>`.repeat(10)}</g>`,
    ).join('')
    const inside = `<defs><rect id="g0" width="1" height="1"/>${levels}</defs><use xlink:href="#g12"/>`
    await within(svg('width="10" height="10"', inside), 20_000)
  })

  test.each([
    ['a viewBox of 1e9', 'viewBox="0 0 1e9 1e9"'],
    ['sides of 1e9', 'width="1e9" height="1e9"'],
    ['sides of 1e9 inches', 'width="1e9in" height="1e9in"'],
    ['a long side', 'width="100000" height="100000"'],
  ])('of %s is refused by its header', async (_, attributes) => {
    const started = performance.now()
    const error = await probe(svg(attributes, '<rect width="9" height="9"/>'), IMAGES).catch((thrown) => thrown)
    expect(['SOURCE_UNDECODABLE', 'SOURCE_TOO_MANY_PIXELS']).toContain(error.code)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('that is compressed is not a drawing: a bomb could hide in it', async () => {
    const packed = gzipSync(svg('width="10" height="10"', ' '.repeat(1e6)))
    await expect(probe(packed, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
  })
})

describe('the size of an SVG', () => {
  const sizes = async (attributes: string, images = {}) => {
    const { width, height } = await probe(svg(attributes, ''), { ...IMAGES, ...images })
    return [width, height]
  }

  test.each([96, 150, 300])('in inches follows svgDpi: %i', async (svgDpi) => {
    expect(await sizes('width="2in" height="1in"', { svgDpi })).toEqual([svgDpi * 2, svgDpi])
    expect(await sizes('width="2in" height="1in" viewBox="0 0 20 10"', { svgDpi })).toEqual([svgDpi * 2, svgDpi])
  })

  test('in pixels does not', async () => {
    expect(await sizes('width="40" height="20px"', { svgDpi: 300 })).toEqual([40, 20])
    expect(await sizes('viewBox="0 0 40 20"', { svgDpi: 300 })).toEqual([40, 20])
  })

  test.each([
    ['2.54cm', 150],
    ['25.4mm', 150],
    ['72pt', 150],
    ['6pc', 150],
  ])('%s is an inch', async (side, px) => {
    expect(await sizes(`width="${side}" height="${side}"`)).toEqual([px, px])
  })

  test('asked for is drawn sharply: edges of one pixel, not scaled ones', async () => {
    const inside = '<rect width="5" height="10" fill="#f00"/>'
    const source = svg('width="10" height="10" viewBox="0 0 10 10"', inside)
    const picture = await pixels((await make({ source, asked: { width: 800, height: 800 } })).data)
    expect([pixelAt(picture, 398, 400)[3], pixelAt(picture, 401, 400)[3]]).toEqual([255, 0])
  })
})
