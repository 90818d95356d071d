import { expect, test } from 'vitest'
import { diffConfig } from './diff.ts'
import { loadConfig } from './load.ts'

const configOf = (flags: Record<string, string>) => loadConfig({ env: {}, base: '/srv', flags }).config

test('equal configurations differ in nothing, however they were written', () => {
  expect(diffConfig(configOf({ 'logs.maxBytes': '1MB' }), configOf({ 'logs.maxBytes': '1024KB' }))).toEqual({
    changed: [],
    live: [],
    needRestart: [],
  })
})

test('changes are told apart by what they need', () => {
  const next = configOf({
    listen: '127.0.0.1:81',
    'workers.count': '3',
    'images.webpQuality': '70',
    'security.previousKeys': '[a]',
    sources: '[{type: file, root: a}]',
  })
  expect(diffConfig(configOf({}), next)).toEqual({
    changed: ['listen', 'workers.count', 'security.previousKeys', 'sources', 'images.webpQuality'],
    live: ['workers.count', 'security.previousKeys', 'images.webpQuality'],
    needRestart: ['listen', 'sources'],
  })
})

test('a change of type shows the settings that come with it', () => {
  const { changed } = diffConfig(configOf({}), configOf({ results: '{type: file, root: r}' }))
  expect(changed).toEqual([
    'results.type',
    'results.root',
    'results.maxBytes',
    'results.expires',
    'results.storeUnsafe',
    'results.layout',
  ])
})

test('the order of a list counts', () => {
  const one = configOf({ sources: '[{type: file, root: a}, {type: file, root: b}]' })
  const two = configOf({ sources: '[{type: file, root: b}, {type: file, root: a}]' })
  expect(diffConfig(one, two).changed).toEqual(['sources'])
})
