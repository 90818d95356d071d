import { ImgsvcError } from '@imgsvc/core/errors'
import { svgTags } from './svg-tags.ts'

// Longer sides than libvips has (VIPS_MAX_COORD); librsvg reports the largest ones as 1 px.
const MAX_SIDE = 10_000_000

// Elements drawn again by reference: so many in any case, and this many times as many as references are written.
const FREE_REPEATS = 10_000
const REPEATS_PER_REFERENCE = 10

// libxml2 stops at 256 elements in each other; a chain of references is no deeper in any real drawing.
const MAX_DEPTH = 256

const ROOT = /<(?:\w{1,64}:)?svg\s[^>]{0,4096}>?/i
const LENGTHS = /\s(?:width|height|viewBox)\s{0,16}=\s{0,16}["']([^"']{0,256})["']/gi
const ID = /\sid\s{0,16}=\s{0,16}(?:"([^"]*)"|'([^']*)')/
const REFERENCE = /(?:href\s{0,16}=\s{0,16}["']|url\(\s{0,16}["']?)\s{0,16}([#&][^"')\s]*)/g

/** An element with an id, or the whole drawing, and what is drawn with it. */
interface Part {
  readonly references: string[]
  readonly parts: Part[]
}

/**
 * Refuses drawings that cannot be drawn, or not in a reasonable time: a kilobyte of `<use>` in `<use>` keeps librsvg
 * busy for ten seconds before its own limit of 500,000 elements ends it, and nobody can interrupt it meanwhile.
 * Throws SOURCE_UNDECODABLE.
 */
export function checkSvg(bytes: Buffer): void {
  // Letters of two bytes come out the same as those of one: all that matters here is ASCII.
  const text = bytes.toString('latin1').replaceAll('\0', '')
  for (const [, lengths = ''] of (ROOT.exec(text)?.[0] ?? '').matchAll(LENGTHS)) {
    const longest = Math.max(...lengths.split(/[\s,]+/).map((length) => Math.abs(Number.parseFloat(length)) || 0))
    if (longest > MAX_SIDE) throw refused(`the svg has sides of ${longest}; at most ${MAX_SIDE} are drawn`)
  }
  if (!text.includes('#')) return
  const { root, named, written } = outline(text)
  const most = FREE_REPEATS + REPEATS_PER_REFERENCE * written
  if (repeats(root, named, most) > most) throw refused('the svg draws too many elements by reference')
}

function refused(why: string): ImgsvcError {
  return new ImgsvcError('SOURCE_UNDECODABLE', why)
}

interface Outline {
  readonly root: Part
  readonly named: ReadonlyMap<string, Part>
  /** References in the text. */
  readonly written: number
}

function outline(text: string): Outline {
  const root: Part = { references: [], parts: [] }
  const named = new Map<string, Part>()
  const open: Part[] = [root]
  let written = 0
  for (const { kind, attributes } of svgTags(text)) {
    if (kind === 'entity') {
      if (attributes.includes('<')) throw refused('the svg has elements in its entities')
      continue
    }
    if (kind === 'end') {
      if (open.length > 1) open.pop()
      continue
    }
    const around = open.at(-1) as Part
    const id = idOf(attributes)
    const part: Part = id === undefined ? around : { references: [], parts: [] }
    if (id !== undefined) {
      around.parts.push(part)
      named.set(id, part)
    }
    for (const [, reference = ''] of attributes.matchAll(REFERENCE)) {
      if (reference.includes('&')) throw refused('the svg writes a reference with an entity')
      part.references.push(reference.slice(1))
      written++
    }
    if (kind === 'alone') continue
    open.push(part)
    if (open.length > MAX_DEPTH) throw refused(`the svg has more than ${MAX_DEPTH} elements in each other`)
  }
  return { root, named, written }
}

function idOf(attributes: string): string | undefined {
  const found = ID.exec(attributes)
  const id = found?.[1] ?? found?.[2]
  if (id?.includes('&')) throw refused('the svg writes an id with an entity')
  return id
}

/** How many elements are drawn by reference in all, counted to a little above `most`. */
function repeats(root: Part, named: ReadonlyMap<string, Part>, most: number): number {
  const known = new Map<Part, number>()
  const count = (part: Part, depth: number): number => {
    const before = known.get(part)
    if (before !== undefined) return before
    if (depth > MAX_DEPTH) throw refused(`the svg has a chain of more than ${MAX_DEPTH} references`)
    // A part that refers to itself draws nothing.
    known.set(part, 0)
    let sum = 0
    for (const inner of part.parts) sum += count(inner, depth + 1)
    for (const reference of part.references) {
      const target = named.get(reference)
      if (target) sum += 1 + count(target, depth + 1)
      if (sum > most) break
    }
    known.set(part, sum)
    return sum
  }
  return count(root, 0)
}
