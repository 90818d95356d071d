import type { IncomingHttpHeaders } from 'node:http'
import { type Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { ImgsvcError } from '@imgsvc/core/errors'
import { tooLarge } from '../stores/read-regular.ts'
import type { IoOptions } from '../stores/store.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Layers undone at most: each multiplies what a small body can grow to, and costs a decoder. */
const MAX_ENCODINGS = 2

/**
 * Reads a body to its end and undoes its content encodings. Bytes are counted while they arrive, before and after
 * decoding, so memory stays near `io.maxBytes` for an endless body and for a bomb alike. Throws SOURCE_TOO_LARGE, and
 * SOURCE_FAILED when the body is empty, shorter or longer than announced, or encoded in a way that is not known.
 */
export async function readBody(body: Readable, headers: IncomingHttpHeaders, io: IoOptions): Promise<Buffer> {
  const maxBytes = io.maxBytes ?? Number.POSITIVE_INFINITY
  const announced = announcedLength(headers)
  const decoders = decodersFor(headers)
  if (announced !== undefined && announced > maxBytes) throw tooLarge(announced, maxBytes)
  const arrived = createTap(maxBytes)
  const decoded = createTap(maxBytes)
  const chunks: Buffer[] = []
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await pipeline([body, arrived.stream, ...decoders, decoded.stream, collect], { signal: io.signal })
  if (announced !== undefined && arrived.bytes() !== announced) {
    throw new ImgsvcError('SOURCE_FAILED', `${announced} bytes were announced, ${arrived.bytes()} came`)
  }
  if (decoded.bytes() === 0) throw new ImgsvcError('SOURCE_FAILED', 'the body is empty')
  return Buffer.concat(chunks, decoded.bytes())
}

/** Lets bytes through, counts them and fails beyond the bound. */
function createTap(maxBytes: number): { readonly stream: Transform; bytes(): number } {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge(undefined, maxBytes))
      else done(null, chunk)
    },
  })
  return { stream, bytes: () => bytes }
}

function announcedLength(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['content-length']
  return text === undefined ? undefined : Number(text)
}

/** In the order they have to be undone: the last one named was applied last. */
function decodersFor(headers: IncomingHttpHeaders): readonly Transform[] {
  const names = [headers['content-encoding'] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > MAX_ENCODINGS) {
    throw new ImgsvcError(
      'SOURCE_FAILED',
      `${names.length} content encodings in a row; at most ${MAX_ENCODINGS} are undone`,
    )
  }
  const makers = names.reverse().map((name) => {
    const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
    if (!make) throw new ImgsvcError('SOURCE_FAILED', `content encoding ${name} is not known (gzip, deflate, br are)`)
    return make
  })
  return makers.map((make) => make())
}
