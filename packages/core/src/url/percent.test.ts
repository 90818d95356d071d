import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { escapeAscii, quote, quoteExcept, unquote, unquoteLossy } from './percent.ts'

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ImgsvcError) return error.code
    throw error
  }
  return 'nothing thrown'
}

test('escapes are decoded once, in either case, and a plus stays a plus', () => {
  expect(unquote('a%20b%2fc%2Fd+e')).toBe('a b/c/d+e')
  expect(unquote('%252F')).toBe('%2F')
  expect(unquote('%E3%83%86スト')).toBe('テスト')
})

test('broken escapes stay as they are, as in Python', () => {
  for (const text of ['%', '%4', '100%', '%zz', '%4g', '%-1', '% 41', '%%']) expect(unquote(text)).toBe(text)
  expect(unquote('%%41')).toBe('%A')
  expect(unquote('%4%41')).toBe('%4A')
})

test('bytes that are not UTF-8 are URL_MALFORMED', () => {
  // A lone lead byte, an overlong slash, half of a surrogate pair, above U+10FFFF, a lone continuation byte.
  for (const text of ['%FF', '%C0%AF', '%ED%A0%80', '%F4%90%80%80', 'a%80b', '%E3%83'])
    expect(
      codeOf(() => unquote(text)),
      text,
    ).toBe('URL_MALFORMED')
  expect(codeOf(() => quote('a\uD800'))).toBe('URL_MALFORMED')
})

test('a byte order mark and a NUL are characters like any other', () => {
  expect(unquote('%EF%BB%BFa')).toBe('\uFEFFa')
  expect(unquote('a%00')).toBe('a\0')
})

test('quote leaves letters, digits and _ . - ~ / and escapes the rest', () => {
  expect(quote('aZ09_.-~/')).toBe('aZ09_.-~/')
  expect(quote("http://h/a b!'()*?&=#%é")).toBe('http%3A//h/a%20b%21%27%28%29%2A%3F%26%3D%23%25%C3%A9')
})

test('unquote undoes quote for every text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(quote(text)).toMatch(/^[\w.\-~/%]*$/)
      expect(unquote(quote(text))).toBe(text)
    }),
  )
})

test('a character is escaped even when it needs not be', () => {
  expect(escapeAscii('a')).toBe('%61')
  expect(escapeAscii('\n')).toBe('%0A')
})

test('unquoteLossy keeps what is not UTF-8 as the replacement character', () => {
  expect(unquoteLossy('a%FFb%20c%zz')).toBe('a\ufffdb c%zz')
})

test('quoteExcept leaves the characters of `safe` alone', () => {
  expect(quoteExcept("a b/é'(", "~(')")).toBe("a%20b%2F%C3%A9'(")
})
