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
  if (text.startsWith('ftypavif', 4) || text.startsWith('ftypavis', 4)) return 'avif'
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff'
  const head = bytes.toString('latin1', 0, SVG_WINDOW).replaceAll('\0', '').toLowerCase()
  return /<svg[\s>/:]/.test(head) ? 'svg' : undefined
}
