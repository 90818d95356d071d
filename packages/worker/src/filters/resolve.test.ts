import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { describe, expect, test } from 'vitest'
import { closestName } from './registry.ts'
import { resolveFilters } from './resolve.ts'

const lenient = (text: string) => resolveFilters(splitFilterCalls(text), { onInvalid: 'ignore' })
const strict = (text: string) => resolveFilters(splitFilterCalls(text), { onInvalid: 'reject' })

describe('invalid filters', () => {
  test('are left out and named, and the rest still runs in URL order', () => {
    const { list, ignored } = lenient('blur(x):rotate(90):nope(1):brightness(5):rotate(NaN):Blur(3)')
    expect(list.map(({ text }) => text)).toEqual(['rotate(90)', 'brightness(5)'])
    expect(ignored).toEqual(['blur(x)', 'nope(1)', 'rotate(NaN)', 'Blur(3)'])
  })

  test.each([
    ['brightness(a)', 'brightness: amount must be an integer, got "a"'],
    ['blur()', 'blur: radius is missing'],
    ['grayscale(1)', 'grayscale: takes at most 0 arguments, got 1'],
    ['fill(nocolour)', 'fill: colour must be a CSS colour name'],
    ['format(bmp)', 'format: format must be one of jpeg, jpg, png, webp, avif, gif'],
    ['watermark(a.png,left,0,0)', 'watermark: x must be pixels or percent'],
    ['brigthness(4)', 'there is no filter "brigthness"; did you mean brightness?'],
    ['no-upscale()', 'did you mean no_upscale?'],
    ['supercalifragilistic()', 'there is no filter "supercalifragilistic"'],
  ])('%s is refused with what would be right', (text, message) => {
    expect(() => strict(text)).toThrowError(expect.objectContaining({ code: 'FILTER_INVALID', status: 400 }))
    expect(() => strict(text)).toThrowError(message)
  })

  test('with hostile texts are told apart in linear time: backtracking would outlast the test', () => {
    const texts = [
      'a'.repeat(10_000),
      `blur(${'x'.repeat(5000)})`,
      `fill(${'('.repeat(5000)})`,
      `watermark(${',,'.repeat(3000)})`,
    ]
    for (const text of texts) expect(lenient(text).ignored).toEqual([text])
  })
})

test('the sources that watermarks need are listed once each', () => {
  const { refs } = lenient("watermark(a.png,0,0,0):watermark('b,c.png',0,0,0):watermark(a.png,center,0,50)")
  expect(refs).toEqual(['a.png', 'b,c.png'])
})

test('names far from every filter get no suggestion', () => {
  expect([closestName('blurr'), closestName('xy'), closestName('')]).toEqual(['blur', undefined, undefined])
})
