import type { SourceFormat } from './image.ts'

// `<svg` has to begin within these first bytes (`thumbor/engines/__init__.py`, get_mimetype).
const SVG_WINDOW = 2048

/**
 * What the first bytes say a file is, in thumbor's order; undefined for anything imgsvc does not decode.
 * Names and Content-Type headers of sources are never asked.
 */
export function sniff(bytes: Buffer): SourceFormat | undefined {
  const text = bytes.toString('latin1', 0, 12)
  if (text.startsWith('GIF8')) return 'gif'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('\xff\xd8')) return 'jpeg'
  if (text.startsWith('WEBP', 8)) return 'webp'
  if (isAvif(bytes)) return 'avif'
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff'
  const head = bytes.toString('latin1', 0, SVG_WINDOW).replaceAll('\0', '').toLowerCase()
  return /<svg[\s>/:]/.test(head) ? 'svg' : undefined
}

// More brands than any encoder lists.
const MAX_BRANDS = 64

/** AVIF by its own brand, or by one of HEIF in general with AVIF among the compatible ones (ISO/IEC 23008-12). */
function isAvif(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return false
  const brand = bytes.toString('latin1', 8, 12)
  if (brand === 'avif' || brand === 'avis') return true
  if (brand !== 'mif1' && brand !== 'msf1' && brand !== 'miaf') return false
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 16 + 4 * MAX_BRANDS)
  for (let at = 16; at + 4 <= end; at += 4) if (bytes.toString('latin1', at, at + 4) === 'avif') return true
  return false
}

/** First bytes of formats that people do send, beginning at `at`. */
const FOREIGN: readonly { readonly name: string; readonly at?: number; readonly begins: readonly string[] }[] = [
  { name: 'BMP', begins: ['BM'] },
  { name: 'ICO', begins: ['\0\0\x01\0'] },
  { name: 'PSD', begins: ['8BPS'] },
  { name: 'JPEG 2000', begins: ['\0\0\0\x0cjP  \r\n', '\xff\x4f\xff\x51'] },
  { name: 'JPEG XL', begins: ['\xff\x0a', '\0\0\0\x0cJXL '] },
  { name: 'HEIC', at: 4, begins: ['heic', 'heix', 'heim', 'heis', 'hevc', 'mif1'].map((brand) => `ftyp${brand}`) },
  { name: 'a video', at: 4, begins: ['ftyp'] },
  { name: 'a video', begins: ['\x1a\x45\xdf\xa3'] },
  { name: 'PDF', begins: ['%PDF'] },
  { name: 'PostScript', begins: ['%!PS', '\xc5\xd0\xd3\xc6'] },
  { name: 'EXR', begins: ['v/1\x01'] },
  { name: 'QOI', begins: ['qoif'] },
]

/** What a file is that `sniff` does not know, for a sentence; undefined when it is unknown altogether. */
export function foreignFormat(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1', 0, 12)
  return FOREIGN.find(({ at = 0, begins }) => begins.some((start) => text.startsWith(start, at)))?.name
}
