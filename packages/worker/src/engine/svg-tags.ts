/** One tag of a drawing: its attributes as written, with the spaces around them. */
export interface SvgTag {
  /** An element begins, or stands alone, or ends; or an entity is declared. */
  readonly kind: 'begin' | 'alone' | 'end' | 'entity'
  readonly attributes: string
}

/**
 * The tags of a drawing in order, without comments and CDATA, in one walk over the text however broken it is. Stops at
 * a tag, comment or quotation that does not end.
 */
export function* svgTags(text: string): Generator<SvgTag> {
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = SKIPPED.find(({ begins }) => text.startsWith(begins, at))
    if (skipped) {
      const end = text.indexOf(skipped.ends, at + skipped.begins.length)
      if (end < 0) return
      at = end + skipped.ends.length
      continue
    }
    const isEntity = text.startsWith('<!ENTITY', at)
    const isEnd = text[at + 1] === '/'
    if (!isEntity && !isEnd && !/[A-Za-z_]/.test(text[at + 1] ?? '')) {
      at++
      continue
    }
    const end = tagEnd(text, at)
    if (end < 0) return
    const isAlone = text[end - 1] === '/'
    const attributes = text.slice(at + 1, isAlone ? end - 1 : end)
    yield { kind: isEntity ? 'entity' : isEnd ? 'end' : isAlone ? 'alone' : 'begin', attributes }
    at = end + 1
  }
}

const SKIPPED = [
  { begins: '<!--', ends: '-->' },
  { begins: '<![CDATA[', ends: ']]>' },
  { begins: '<?', ends: '?>' },
] as const

/** Where the `>` of a tag is, quoted ones aside; -1 without one. */
function tagEnd(text: string, from: number): number {
  const next = /["'>]/g
  next.lastIndex = from
  for (let found = next.exec(text); found; found = next.exec(text)) {
    if (found[0] === '>') return found.index
    const closing = text.indexOf(found[0], found.index + 1)
    if (closing < 0) return -1
    next.lastIndex = closing + 1
  }
  return -1
}
