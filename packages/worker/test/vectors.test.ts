import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LEFT } from './http-vectors.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** How many of the rows of each file of vectors are run; `npm test` prints it. */
    vectors?: readonly VectorCount[]
  }
}

interface VectorCount {
  readonly file: string
  readonly run: number
  readonly rows: number
  /** Why the others are not. */
  readonly left: readonly string[]
}

/** Where the rows of a list are run, below packages/, and how many are left out for which reason. */
interface Use {
  readonly list: string
  readonly by: string
  readonly left?: { readonly rows: (list: readonly never[]) => number; readonly why: string }
}

const NO_HEIF = {
  rows: (list: readonly { readonly extension: string; readonly config: object }[]) =>
    list.filter(({ extension, config }) => extension === '.heif' || Object.keys(config).join() === 'AUTO_HEIF').length,
  why: 'sharp as distributed has no HEVC encoder, so there is no AUTO_HEIF',
}

const STRICT = {
  rows: (list: readonly { readonly url: string; readonly normalized: string }[]) =>
    list.filter(({ url, normalized }) => url.startsWith('http:') && normalized !== url).length,
  why: 'http:// is not rewritten to https://',
}

const USES: Readonly<Record<string, readonly Use[]>> = {
  'core/test/vectors/thumbor/filters-args.json': [
    { list: 'vectors', by: 'core/src/args/parse-args.test.ts' },
    { list: 'typed_args', by: 'core/src/args/parse-args.test.ts' },
    { list: 'two_string_args', by: 'core/src/args/parse-args.test.ts' },
  ],
  'core/test/vectors/thumbor/options.json': ['options', 'tc_aws', 'thumbor_aws'].map((list) => ({
    list,
    by: 'core/src/config/thumbor/options.test.ts',
  })),
  'core/test/vectors/thumbor/signing.json': [{ list: 'vectors', by: 'core/src/url/signer.test.ts' }],
  'core/test/vectors/thumbor/url-parse.json': [{ list: 'vectors', by: 'core/src/url/thumbor.test.ts' }],
  'worker/test/vectors/thumbor/filters-geometry.json': [
    { list: 'vectors', by: 'worker/src/filters/geometry/geometry.test.ts' },
  ],
  'worker/test/vectors/thumbor/filters-pixels.json': [
    { list: 'vectors', by: 'worker/src/engine/kernels/filters-pixels.test.ts' },
    { list: 'trim', by: 'worker/src/engine/trim.test.ts' },
    { list: 'nine_patch', by: 'worker/src/engine/kernels/filters-pixels.test.ts' },
    { list: 'blur_kernels', by: 'worker/src/engine/kernels/filters-pixels.test.ts' },
  ],
  'worker/test/vectors/thumbor/http-loader.json': [
    { list: 'normalize', by: 'worker/src/loaders/http-url.test.ts' },
    { list: 'normalize_tests', by: 'worker/src/loaders/http-url.test.ts', left: STRICT },
    { list: 'allowed_sources', by: 'worker/src/loaders/host-rules.test.ts' },
  ],
  'worker/test/vectors/thumbor/http.json': [
    {
      list: 'vectors',
      by: 'worker/test/http-vectors.test.ts',
      left: { rows: () => LEFT.size, why: [...new Set(LEFT.values())].join('; ') },
    },
  ],
  'worker/test/vectors/thumbor/meta.json': [{ list: 'vectors', by: 'worker/src/pipeline/meta.test.ts' }],
  'worker/test/vectors/thumbor/negotiation.json': [
    { list: 'accept', by: 'worker/src/pipeline/accept.test.ts' },
    { list: 'format_resolution', by: 'worker/src/pipeline/negotiate.test.ts', left: NO_HEIF },
    { list: 'mime_sniff', by: 'worker/src/engine/sniff.test.ts' },
  ],
  'worker/test/vectors/thumbor/sizing.json': [{ list: 'vectors', by: 'worker/src/engine/geometry/transform.test.ts' }],
  'worker/test/vectors/thumbor/storage-paths.json': [
    { list: 'file_storage', by: 'worker/src/stores/original-layouts.test.ts' },
    { list: 'result_storage', by: 'worker/src/stores/result-layouts.test.ts' },
    { list: 's3_keys', by: 'worker/src/stores/result-layouts.test.ts' },
    { list: 's3_loader', by: 'worker/src/stores/s3-keys.test.ts' },
  ],
  'worker/test/vectors/thumbor/watermark.json': ['positions', 'placements', 'sizes'].map((list) => ({
    list,
    by: 'worker/src/engine/geometry/place.test.ts',
  })),
}

const packages = new URL('../../', import.meta.url)
const textOf = (path: string) => readFileSync(new URL(path, packages), 'utf8')
const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** The lists of a file; what is not a list describes them. */
function listsOf(path: string): ReadonlyMap<string, readonly never[]> {
  const content = Object.entries(JSON.parse(textOf(path)) as Readonly<Record<string, unknown>>)
  return new Map(content.filter((entry): entry is [string, never[]] => Array.isArray(entry[1])))
}

test('every row of every file of vectors is run, or left out for a reason that is told', ({ task }) => {
  const found = ['core', 'worker'].flatMap((name) =>
    readdirSync(new URL(`${name}/test/vectors/thumbor/`, packages)).map(
      (file) => `${name}/test/vectors/thumbor/${file}`,
    ),
  )
  expect(found.sort()).toEqual(Object.keys(USES).sort())
  task.meta.vectors = found.map((path) => {
    const [lists, uses] = [listsOf(path), USES[path] ?? []]
    expect([...lists.keys()].sort(), path).toEqual(uses.map(({ list }) => list).sort())
    for (const { list, by } of uses) {
      const program = textOf(by)
      expect([program.includes(baseName(path)), program.includes(list)], `${by} runs ${list}`).toEqual([true, true])
    }
    const rows = [...lists.values()].reduce((sum, list) => sum + list.length, 0)
    const left = uses.flatMap(({ list, left }) => (left ? [{ ...left, rows: left.rows(lists.get(list) ?? []) }] : []))
    const run = rows - left.reduce((sum, reason) => sum + reason.rows, 0)
    expect(run).toBeGreaterThan(0)
    return {
      file: baseName(path),
      run,
      rows,
      left: left.filter((one) => one.rows > 0).map((one) => `${one.rows}: ${one.why}`),
    }
  })
})
