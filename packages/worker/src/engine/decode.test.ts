import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { IMAGES, make, pixelAt, pixels, sample } from '../../test/images/pictures.ts'
import { probe } from './decode.ts'
import { setUpSharp } from './sharp-setup.ts'
import { sniff } from './sniff.ts'

beforeAll(setUpSharp)

const svg = (attributes: string, inside = '<rect width="50" height="50" fill="#f00"/>') =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inside}</svg>`,
  )

/** A PNG of one gray level whose header may say any size. */
function flatPng(width: number, height: number, rows: number): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const framed = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(framed))
    return Buffer.concat([length, framed, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(rows * (width + 1)))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe('probe', () => {
  test.each([
    ['flower.jpg', { format: 'jpeg', width: 2268, height: 1512, space: 'rgb', hasAlpha: false, hasProfile: false }],
    ['flower-progressive.jpg', { format: 'jpeg', width: 2268, height: 1512 }],
    ['flower-gray.jpg', { format: 'jpeg', space: 'gray' }],
    ['flower-small-cmyk.jpg', { format: 'jpeg', space: 'cmyk', orientation: 1 }],
    ['flower-small-rgba.png', { format: 'png', hasAlpha: true, space: 'rgb' }],
    ['flower-small-gray-alpha.png', { format: 'png', hasAlpha: true, space: 'gray' }],
    ['rocket.jpg', { hasProfile: true }],
  ])('reads the header of %s', async (name, expected) => {
    expect(await probe(sample(name), IMAGES)).toMatchObject({ orientation: 1, pages: 1, ...expected })
  })

  test.each(['webp', 'avif', 'tiff', 'gif'] as const)('reads the header of %s', async (format) => {
    const bytes = await sharp(sample('coffee.png')).resize(60, 40).toFormat(format).toBuffer()
    expect(await probe(bytes, IMAGES)).toMatchObject({ format, width: 60, height: 40, pages: 1 })
  })

  test('counts the frames of an animation by the size of one', async () => {
    const frames = await Promise.all(
      ['red', 'blue'].map((background) =>
        sharp({ create: { width: 20, height: 10, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
    const bytes = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    expect(await probe(bytes, IMAGES)).toMatchObject({ format: 'gif', width: 20, height: 10, pages: 2 })
    const { data } = await make({ source: bytes })
    expect(pixelAt(await pixels(data), 5, 5).slice(0, 3)).toEqual([255, 0, 0])
  })

  test.each([
    ['px', 'width="100" height="50"', [100, 50]],
    ['inches, by svgDpi', 'width="1in" height="0.5in"', [150, 75]],
    ['points', 'viewBox="0 0 10 5" width="72pt" height="36pt"', [150, 75]],
    ['a viewBox alone', 'viewBox="0 0 100 50"', [100, 50]],
  ])('gives SVG its size in %s', async (_, attributes, size) => {
    const { width, height } = await probe(svg(attributes), IMAGES)
    expect([width, height]).toEqual(size)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0xff])],
    ['a web page', Buffer.from('<html><body>hello</body></html>')],
    ['a GIF that is PHP', Buffer.from('GIF89a<?php system($_GET[0]); ?>')],
    ['a JPEG of two bytes', Buffer.from([0xff, 0xd8])],
    ['a PNG signature alone', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['broken SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect')],
  ])('refuses %s as undecodable', async (_, bytes) => {
    await expect(probe(bytes, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE', status: 400 })
  })

  test.each([
    [16_384, 'SOURCE_TOO_MANY_PIXELS'],
    [65_535, 'SOURCE_TOO_MANY_PIXELS'],
    [2_147_483_647, 'SOURCE_UNDECODABLE'],
  ])('refuses a square PNG of %i px by its header, without decoding', async (side, code) => {
    const before = process.memoryUsage().rss
    await expect(probe(flatPng(side, side, 0), IMAGES)).rejects.toMatchObject({ code })
    expect(process.memoryUsage().rss - before).toBeLessThan(50e6)
  })

  test('refuses a JPEG that says 65500 × 65500, the most libjpeg reads', async () => {
    const bytes = Buffer.from(sample('rocket.jpg'))
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
    bytes.writeUInt16BE(65_500, frame + 5)
    bytes.writeUInt16BE(65_500, frame + 7)
    await expect(probe(bytes, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_TOO_MANY_PIXELS' })
  })

  test('takes exactly maxPixels', async () => {
    const bytes = sample('coffee.png')
    await expect(probe(bytes, { maxPixels: 600 * 400 })).resolves.toMatchObject({ width: 600 })
    await expect(probe(bytes, { maxPixels: 600 * 400 - 1 })).rejects.toMatchObject({ code: 'SOURCE_TOO_MANY_PIXELS' })
  })
})

test('decoders of formats that are not sources are switched off', async () => {
  const ppm = Buffer.concat([Buffer.from('P6\n1 1\n255\n'), Buffer.from([1, 2, 3])])
  await expect(sharp(ppm).metadata()).rejects.toThrowError()
  expect([sharp.concurrency(), sharp.cache().items.max]).toEqual([1, 0])
})

describe('damaged sources', () => {
  test.each([
    ['flower-progressive.jpg', 0.1],
    ['flower.jpg', 0.5],
    ['flower.jpg', 0.99],
    ['coffee.png', 0.5],
    ['chelsea.png', 0.9],
  ])('%s cut to %d of its bytes is the same picture every time', async (name, share) => {
    const whole = sample(name)
    const source = whole.subarray(0, Math.floor(whole.length * share))
    const once = await make({ source, asked: { width: 200, height: 0 } })
    const twice = await make({ source, asked: { width: 200, height: 0 } })
    expect(once.data.equals(twice.data)).toBe(true)
    expect(once.width).toBe(200)
  })

  test('what is missing of a picture is of one colour', async () => {
    const whole = sample('flower.jpg')
    const source = whole.subarray(0, Math.floor(whole.length / 2))
    const picture = await pixels((await make({ source })).data)
    const last = pixelAt(picture, 0, picture.height - 1)
    for (let x = 0; x < picture.width; x += 7) expect(pixelAt(picture, x, picture.height - 1)).toEqual(last)
  })

  test('a broken profile does not matter', async () => {
    const source = await sharp(sample('coffee.png')).withIccProfile('p3').jpeg().toBuffer()
    source.fill(0xaa, source.indexOf('ICC_PROFILE') + 40, source.indexOf('ICC_PROFILE') + 300)
    for (const filters of ['', 'strip_icc()', 'brightness(5)']) {
      expect((await make({ source, filters, format: 'jpeg', asked: { width: 60, height: 40 } })).width).toBe(60)
    }
  })
})

describe('SVG', () => {
  test('is drawn at the requested size, not scaled up from its own', async () => {
    const source = svg('viewBox="0 0 10 5" width="10" height="5"', '<rect width="5" height="5" fill="#f00"/>')
    const picture = await pixels((await make({ source, asked: { width: 400, height: 200 } })).data)
    expect(pixelAt(picture, 198, 100)).toEqual([255, 0, 0, 255])
    expect(pixelAt(picture, 201, 100)[3]).toBe(0)
  })

  test('reads no files and opens no connections', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'svg-'))
    const secret = join(folder, 'secret.png')
    writeFileSync(
      secret,
      await sharp({ create: { width: 50, height: 50, channels: 3, background: '#0f0' } })
        .png()
        .toBuffer(),
    )
    const inside = [secret, `file://${secret}`, 'http://127.0.0.1:9/x.png']
      .map((href) => `<image width="50" height="50" xlink:href="${href}"/>`)
      .join('')
    const picture = await pixels((await make({ source: svg('width="50" height="50"', inside) })).data)
    expect(picture.data.every((byte) => byte === 0)).toBe(true)
  })

  test('with an entity bomb is refused or drawn without it, at once', async () => {
    const entities = Array.from({ length: 12 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('')
    const source = Buffer.from(
      `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e0 "ha">${entities}]><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>&e12;</text></svg>`,
    )
    const answer = await make({ source }).catch((error) => error)
    expect(['SOURCE_UNDECODABLE', undefined]).toContain(answer.code)
  })
})

test.each([
  ['GIF87a', 'gif'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['\xff\xd8\xff\xe0', 'jpeg'],
  ['RIFF\0\0\0\0WEBPVP8 ', 'webp'],
  ['\0\0\0\x1cftypavif', 'avif'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['<?xml version="1.0"?><SVG >', 'svg'],
  ['<\0s\0v\0g\0 \0', 'svg'],
  ['BM6\0', undefined],
  ['\0\0\0\x0cjP  \r\n\x87\n', undefined],
  ['\0\0\0\x20ftypisom', undefined],
])('%j begins like %s', (text, format) => {
  expect(sniff(Buffer.from(text, 'latin1'))).toBe(format)
})
