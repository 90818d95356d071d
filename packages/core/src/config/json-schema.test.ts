import { expect, test } from 'vitest'
import { configJsonSchema } from './json-schema.ts'

type Node = { readonly properties: Readonly<Record<string, Node>>; readonly [key: string]: unknown }
const schema = configJsonSchema() as unknown as Node
const at = (path: string) => path.split('.').reduce<Node>((node, key) => node.properties[key] as Node, schema)

test('editors get documentation, bounds and defaults', () => {
  expect(at('workers.count')).toMatchObject({
    default: 'auto',
    anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 1, maximum: 256 }],
  })
  expect(at('workers.startTimeout')).toMatchObject({ type: ['string', 'number'], default: '30s' })
  expect(at('workers.startTimeout').description).toMatch(/^A worker that is not ready.*Expected: a duration/)
  expect(at('filters.onInvalid')).toMatchObject({ enum: ['ignore', 'reject'] })
})

test('editors mark unknown settings', () => {
  expect(schema.additionalProperties).toBe(false)
  expect(at('workers').additionalProperties).toBe(false)
})

test('nothing is required: an empty file is a configuration', () => {
  expect(schema.required ?? []).toEqual([])
  expect(at('workers').required ?? []).toEqual([])
})

test('the pattern of sizes and durations takes what the loader takes', () => {
  const pattern = new RegExp(at('logs.maxBytes').pattern as string)
  for (const text of ['0', '10MB', '1.5 kb']) expect(text).toMatch(pattern)
  for (const text of ['10M', '-1MB', 'MB', '10']) expect(text).not.toMatch(pattern)
})
