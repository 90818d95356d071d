import { describe, expect, test } from 'vitest'
import { checkSvg } from './svg-limits.ts'

const svg = (inside: string, attributes = '', prolog = '') =>
  Buffer.from(`${prolog}<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inside}</svg>`)
const REFUSED = { code: 'SOURCE_UNDECODABLE', status: 400 }

/** Levels of groups, each drawing the one before `times` times, by `refer`. */
const bomb = (levels: number, times: number, refer: (id: string) => string) =>
  Array.from({ length: levels }, (_, i) => `<g id="g${i + 1}">${refer(`g${i}`).repeat(times)}</g>`).join('') +
  refer(`g${levels}`)

describe('references that multiply', () => {
  test.each([
    ['href', (id: string) => `<use href="#${id}"/>`],
    ['xlink:href', (id: string) => `<use xlink:href='#${id}'/>`],
    ['spaces and a closing tag', (id: string) => `<use x="1"\n href = " #${id}" ></use>`],
    ['a paint server', (id: string) => `<rect width="1" height="1" fill="url(#${id})"/>`],
    ['a style', (id: string) => `<rect width="1" height="1" style="fill:url('#${id}')"/>`],
    ['a comparison in a value', (id: string) => `<use data-x="a > b" href="#${id}"/>`],
  ])('are refused: %s', (_, refer) => {
    expect(() => checkSvg(svg(bomb(12, 10, refer)))).toThrow(expect.objectContaining(REFUSED))
    expect(() => checkSvg(svg(bomb(24, 2, refer)))).toThrow(expect.objectContaining(REFUSED))
  })

  test('are refused in UTF-16 as well', () => {
    const source = Buffer.from(svg(bomb(12, 10, (id) => `<use href="#${id}"/>`)).toString(), 'utf16le')
    expect(() => checkSvg(source)).toThrow(expect.objectContaining(REFUSED))
  })

  test.each([
    ['an entity in a reference', '<use href="#&a;1"/>'],
    ['a character by number', '<use href="&#35;g1"/>'],
    ['an id by number', '<g id="&#103;1"/><use href="#g1"/>'],
  ])('cannot be hidden behind %s', (_, inside) => {
    expect(() => checkSvg(svg(inside))).toThrow(expect.objectContaining(REFUSED))
  })

  test('cannot be hidden in entities', () => {
    const prolog = '<!DOCTYPE svg [<!ENTITY a "<use href=\'#g\'/>">]>'
    expect(() => checkSvg(svg('&a;', '', prolog))).toThrow(expect.objectContaining(REFUSED))
  })

  test('in a chain of any length end at once', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `<g id="g${i + 1}"><use href="#g${i}"/></g>`).reverse()
    const started = performance.now()
    expect(() => checkSvg(svg(chain.join('')))).toThrow(expect.objectContaining(REFUSED))
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('drawings that pass', () => {
  test.each([
    ['no references', '<rect width="1" height="1" fill="red"/>'],
    ['colours with a hash', '<rect fill="#ff0000"/>'],
    ['links', '<a href="https://example.com/?a=1&amp;b=2#c"><rect/></a>'],
    ['references in a circle', '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'],
    ['references to nothing', '<use href="#nothing"/>'],
    ['tags that do not match', '</g></g><g><use href="#a"/>'],
    ['a chart of 50,000 marks', `<g id="m"><path d="M0 0"/></g>${'<use href="#m"/>'.repeat(50_000)}`],
    ['a text of glyphs with parts', `<g id="a"><use href="#b"/></g><g id="b"/>${'<use href="#a"/>'.repeat(20_000)}`],
    ['many gradients', `<linearGradient id="g"/>${'<rect fill="url(#g)"/>'.repeat(30_000)}`],
    ['a bomb in a comment', `<!-- ${bomb(12, 10, (id) => `<use href="#${id}"/>`)} -->`],
  ])('%s', (_, inside) => {
    expect(() => checkSvg(svg(inside))).not.toThrow()
  })

  test('entities for namespaces, as drawing programs write them', () => {
    const prolog = '<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>'
    expect(() => checkSvg(svg('<rect fill="#123456"/>', '', prolog))).not.toThrow()
  })
})

describe('sides', () => {
  test.each(['width="1e9" height="1"', 'viewBox="0 0 1e9 1e9"', "viewBox='0,0,99999999,1'", 'height="20000000px"'])(
    'beyond any picture are refused: %s',
    (attributes) => {
      expect(() => checkSvg(svg('', attributes))).toThrow(expect.objectContaining(REFUSED))
    },
  )

  test.each(['width="100%" height="auto"', 'viewBox="0 0 100 1e6"', 'width="10in"', 'viewBox=""', 'viewBox="none"'])(
    'of any other kind are not: %s',
    (attributes) => {
      expect(() => checkSvg(svg('', attributes))).not.toThrow()
    },
  )
})

test.each([
  ['tags that do not end', '<a'],
  ['declarations that do not end', '<!ENTITY '],
  ['quotes that do not end', '<a b="'],
  ['spaces where a value belongs', `<a href=${' '.repeat(50)}id${' '.repeat(50)}url(${' '.repeat(50)}/>`],
  ['comments that do not end', '<!-- '],
  ['ends without a beginning', '</a '],
])('broken text takes no longer than good text: %s', (_, piece) => {
  const text = `#${piece.repeat(Math.ceil(1e6 / piece.length))}`
  const started = performance.now()
  try {
    checkSvg(svg(text))
  } catch (error) {
    expect(error).toMatchObject(REFUSED)
  }
  expect(performance.now() - started).toBeLessThan(3000)
})
