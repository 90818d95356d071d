import sharp from 'sharp'
import { expect, test } from 'vitest'
import { insertSegment, iptcSegment } from './iptc.ts'

const record = (caption: string) => {
  const text = Buffer.from(caption)
  return Buffer.concat([Buffer.from([0x1c, 2, 120, text.length >> 8, text.length & 255]), text])
}

/** An image resource of Photoshop; the name makes it one byte longer or shorter. */
function resource(id: number, content: Buffer, name = ''): Buffer {
  const label = Buffer.concat([Buffer.from([name.length]), Buffer.from(name)])
  const head = Buffer.alloc(6)
  head.write('8BIM', 'latin1')
  head.writeUInt16BE(id, 4)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const even = (bytes: Buffer) => (bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes)
  return Buffer.concat([head, even(label), length, even(content)])
}

async function jpegWith(resources: readonly Buffer[]): Promise<Buffer> {
  const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#456' } })
    .withExif({ IFD0: { Artist: 'me' } })
    .jpeg()
    .toBuffer()
  const body = Buffer.concat([Buffer.from('Photoshop 3.0\0', 'latin1'), ...resources])
  const head = Buffer.from([0xff, 0xed, (body.length + 2) >> 8, (body.length + 2) & 255])
  return insertSegment(jpeg, Buffer.concat([head, body]))
}

test.each(['an even caption!', 'an odd caption'])('the record goes over alone: %s', async (caption) => {
  const preview = resource(0x040c, Buffer.from('the whole picture, small'))
  const source = await jpegWith([
    preview,
    resource(0x03ed, Buffer.from('dpi'), 'named'),
    resource(0x0404, record(caption)),
  ])
  const segment = iptcSegment(source) as Buffer
  const plain = await sharp(source).jpeg().toBuffer()
  const result = insertSegment(plain, segment)
  const { iptc, width, format } = await sharp(result, { failOn: 'warning' }).metadata()
  expect([width, format, iptc?.includes(record(caption)), iptc?.includes('the whole picture')]).toEqual([
    8,
    'jpeg',
    true,
    false,
  ])
  // What it was put into decodes to the same pixels.
  expect(await sharp(result).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer())
  expect(iptcSegment(result)?.equals(segment)).toBe(true)
})

test('comes behind JFIF and EXIF, which readers expect first', async () => {
  const source = await jpegWith([resource(0x0404, record('x'))])
  expect(source.indexOf('Exif')).toBeLessThan(source.indexOf('Photoshop 3.0'))
})

test.each([
  ['no segment', []],
  ['no record among the resources', [resource(0x040c, Buffer.from('preview'))]],
  ['resources that end early', [resource(0x0404, record('x')).subarray(0, -4)]],
  ['something else in its place', [Buffer.from('hello hello hello')]],
])('%s gives nothing', async (_, resources) => {
  expect(iptcSegment(await jpegWith(resources))).toBeUndefined()
})

test('a record that fills a segment but for the frame around it is given up', async () => {
  const source = await jpegWith([resource(0x0404, Buffer.alloc(65_507))])
  expect(source.length).toBeGreaterThan(65_507)
  expect(iptcSegment(source)?.length ?? 0).toBeLessThanOrEqual(65_535)
})
