import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { type LoadOptions, loadConfig } from './load.ts'
import { configHash, parseResolvedConfig } from './resolved.ts'
import { configSchema } from './schema.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cfg-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const load = (options: Partial<LoadOptions>) => loadConfig({ env: {}, base: dir, ...options })

/** Writes imgsvc.yaml and loads it. */
function loadText(text: string, options: Partial<LoadOptions> = {}) {
  writeFileSync(join(dir, 'imgsvc.yaml'), text)
  return load({ file: 'imgsvc.yaml', ...options })
}

function mistakesOf(action: () => unknown): readonly string[] {
  try {
    action()
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'CONFIG_INVALID') return (error.detail ?? '').split('\n')
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('layers', () => {
  test('without a file every value is the default of the schema', () => {
    const { config, origins, file, warnings } = load({})
    expect(config.workers).toMatchObject({ count: 'auto', basePort: 8000 })
    expect(config.listen).toEqual({ host: '0.0.0.0', port: 8080 })
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
    expect(file).toBeUndefined()
    expect(warnings).toEqual([])
  })

  test('the file goes over the defaults, the environment over the file, flags over all, and each origin is remembered', () => {
    const { config, origins, file } = loadText(
      'workers:\n  count: 2\n  basePort: 7000\n  queue: 10\nlogs: { level: debug }\n',
      {
        defaults: { workers: { queue: 1, startRetries: 3 }, admin: { token: 'from the defaults' } },
        env: { IMGSVC_WORKERS_BASE_PORT: '7100', IMGSVC_LOGS_LEVEL: 'warn' },
        flags: { 'logs.level': 'error' },
      },
    )
    expect(config.workers).toMatchObject({ count: 2, basePort: 7100, queue: 10, startRetries: 3 })
    expect(config.logs.level).toBe('error')
    expect(config.admin.token).toBe('from the defaults')
    expect(file).toBe(join(dir, 'imgsvc.yaml'))
    expect(origins).toMatchObject({
      'workers.count': `file:${dir}/imgsvc.yaml:2`,
      'workers.queue': `file:${dir}/imgsvc.yaml:4`,
      'workers.basePort': 'env:IMGSVC_WORKERS_BASE_PORT',
      'workers.startRetries': 'default',
      'workers.renders': 'default',
      'logs.level': 'flag:--set logs.level',
    })
  })

  test('a section of another type takes nothing over from the one beneath', () => {
    const defaults = { results: { type: 'file', root: '/srv/results' } }
    expect(loadText('results: { type: none }\n', { defaults }).config.results).toEqual({ type: 'none' })
    expect(loadText('results: { expires: 1d }\n', { defaults }).config.results).toMatchObject({
      root: '/srv/results',
      expires: 86_400_000,
    })
    expect(load({ defaults, env: { IMGSVC_RESULTS_TYPE: 'none' } }).config.results).toEqual({ type: 'none' })
    expect(load({ defaults, flags: { 'results.type': 'none' } }).config.results).toEqual({ type: 'none' })
  })

  test('the type of a section may be given after its settings', () => {
    const text = [
      { path: 'storage.root', text: '/srv/o', flag: '--set storage.root' },
      { path: 'storage.type', text: 'file', flag: '--set storage.type' },
    ]
    expect(load({ flags: text }).config.storage).toMatchObject({ type: 'file', root: '/srv/o' })
    const env = { IMGSVC_STORAGE_ROOT: '/srv/o', IMGSVC_STORAGE_TYPE: 'file' }
    expect(load({ env }).config.storage).toMatchObject({ type: 'file', root: '/srv/o' })
  })

  test('sections with nothing in them are absent', () => {
    expect(configHash(loadText('workers:\nsources:\nstorage:\npresets:\nlogs:\n').config)).toBe(
      configHash(load({}).config),
    )
  })

  test('an alias stands for its value', () => {
    const { config, origins } = loadText('workers: { deadline: &long 50s }\nbalancer:\n  responseTimeout: *long\n')
    expect(config.balancer.responseTimeout).toBe(50_000)
    expect(origins['balancer.responseTimeout']).toBe(`file:${dir}/imgsvc.yaml:3`)
  })
})

describe('the environment', () => {
  test('text is taken as it stands, numbers and lists are read', () => {
    const { config } = load({
      env: {
        IMGSVC_LISTEN: '[::1]:80',
        IMGSVC_SECURITY_KEY: '0123 # "x"',
        IMGSVC_SECURITY_PREVIOUS_KEYS: '[env:OLD, "12"]',
        IMGSVC_WORKERS_COUNT: '3',
        IMGSVC_IMAGES_AUTO_WEBP: 'true',
        IMGSVC_LOGS_MAX_BYTES: '1MB',
        IMGSVC_SOURCES: '[{type: file, root: a}]',
      },
    })
    expect(config.listen).toEqual({ host: '::1', port: 80 })
    expect(config.security).toMatchObject({ key: '0123 # "x"', previousKeys: ['env:OLD', '12'] })
    expect(config.workers.count).toBe(3)
    expect(config.images.autoWebp).toBe(true)
    expect(config.logs.maxBytes).toBe(1_048_576)
    expect(config.sources).toEqual([{ type: 'file', root: join(dir, 'a') }])
  })

  test('an empty variable counts as not set', () => {
    const { config } = load({
      env: { IMGSVC_SECURITY_KEY: '', IMGSVC_WORKERS_COUNT: '' },
      flags: { 'security.key': 'k' },
    })
    expect(config.security.key).toBe('k')
    expect(config.workers.count).toBe('auto')
  })

  test('a misspelt variable is a warning; variables of another meaning are none', () => {
    const { warnings } = load({
      env: {
        IMGSVC_WORKER_COUNT: '1',
        IMGSVC_LOG_LEVEL: 'debug',
        IMGSVC_KEY: 'k',
        IMGSVC_STATE_DIR: '/x',
        IMGSVC_CONFIG: '/y',
        IMGSVC_CHILD_ID: 'worker:0',
        IMGSVC_SECURITY_KEYS: 'referred to below',
        WORKERS_COUNT: '1',
      },
      flags: { 'security.key': 'env:IMGSVC_SECURITY_KEYS' },
    })
    expect(warnings).toEqual([
      'IMGSVC_LOG_LEVEL is not a setting and is ignored; did you mean IMGSVC_LOGS_LEVEL?',
      'IMGSVC_WORKER_COUNT is not a setting and is ignored; did you mean IMGSVC_WORKERS_COUNT?',
    ])
  })
})

describe('flags', () => {
  test('reach into lists, and add the next entry', () => {
    const { config, origins } = loadText('sources:\n  - { type: file, root: ./a }\n', {
      flags: { 'sources.0.root': './b', 'sources.1.type': 'http', 'sources.1.maxRedirects': '0' },
    })
    expect(config.sources).toEqual([
      { type: 'file', root: join(dir, 'b') },
      expect.objectContaining({ type: 'http', maxRedirects: 0 }),
    ])
    expect(origins['sources.0.root']).toBe('flag:--set sources.0.root')
    expect(origins['sources.1.type']).toBe('flag:--set sources.1.type')
    expect(load({ flags: { 'sources.0': '{type: file, root: ./c}' } }).config.sources).toEqual([
      { type: 'file', root: join(dir, 'c') },
    ])
  })

  test('replace a list as a whole, and lay a section over what is there', () => {
    const { config } = loadText(
      'sources:\n  - { type: file, root: ./a }\n  - { type: http }\nworkers: { queue: 7 }\n',
      {
        flags: { sources: '[{type: file, root: /b}]', workers: '{count: 5}' },
      },
    )
    expect(config.sources).toEqual([{ type: 'file', root: '/b' }])
    expect(config.workers).toMatchObject({ count: 5, queue: 7 })
  })

  test('a flag of its own is named in mistakes and origins', () => {
    const flags = (text: string) => [{ path: 'workers.count', text, flag: '--workers' }]
    expect(load({ flags: flags('2') }).origins['workers.count']).toBe('flag:--workers')
    expect(mistakesOf(() => load({ flags: flags('many') }))).toEqual([
      '--workers: workers.count: expected "auto" or a whole number from 1 to 256, got "many"',
    ])
  })

  test('what names no setting, or nothing that can be read, is a mistake', () => {
    const flags = {
      'workers.cuont': '1',
      'wrkers.count': '1',
      nonsense: '1',
      'sources.3.type': 'file',
      'sources.x': '1',
      'workers.count.x': '1',
      'images.quality': '[1',
      '': '1',
      '__proto__.x': '1',
      'storage.colour': 'x',
    }
    expect(mistakesOf(() => load({ flags }))).toEqual([
      '--set workers.cuont: there is no such setting; did you mean "count"?',
      '--set wrkers.count: there is no such setting; did you mean "workers.count"?',
      expect.stringMatching(/^--set nonsense: there is no such setting; known here: listen, workers, /),
      '--set sources.3.type: the list has no entry of that number, and it is not the next one',
      '--set sources.x: expected the number of an entry, such as sources.0',
      '--set workers.count.x: there is no such setting',
      '--set images.quality: YAML: Flow sequence must end with a ]',
      expect.stringMatching(/^--set : there is no such setting/),
      expect.stringMatching(/^--set __proto__.x: there is no such setting/),
      expect.stringMatching(/^--set storage.colour: there is no such setting; known here: type, root, maxBytes, /),
    ])
  })
})

describe('mistakes', () => {
  const text = `listen: nowhere
workers: { cuont: 3, count: many, queue: 5.5 }
security: { key: 12345, previousKeys: [env:], allowUnsafe: yes }
sources:
  - { type: ftp }
  - { type: file, root: '', bucket: x }
  - { root: ./x }
  - ./images
  - { type: http, userAgent: 5, timeout: 30d }
storage: { type: none, root: x }
cache: { memory: 10XB }
images: { quality: 101, maxWidth: -1, svgDpi: , formatPreference: [webp, heif] }
presets: [a]
__proto__: { a: 1 }
workers: { basePort: 0 }
`

  test('a source in S3 that names buckets names ones there can be', () => {
    const source = (settings: string) => () => loadText(`sources:\n  - { type: s3, ${settings} }\n`)
    expect(mistakesOf(source('bucket: Photos, allowedBuckets: [a/b]'))).toEqual([
      'imgsvc.yaml:2:25: sources.0.bucket: expected the name of a bucket such as my-photos, or \'\', got "Photos"',
      'imgsvc.yaml:2:50: sources.0.allowedBuckets.0: expected the name of a bucket such as my-photos, got "a/b"',
    ])
    expect(source("bucket: '', allowedBuckets: [photos]")).not.toThrow()
  })

  test('a umask is octal and in quotes: YAML reads 027 as a number', () => {
    const source = (umask: string) => () => loadText(`workers: { umask: ${umask} }\n`)
    expect(mistakesOf(source('027'))).toEqual([
      'imgsvc.yaml:1:19: workers.umask: expected "inherit" or octal digits in quotes such as "027", got 27',
    ])
    expect(mistakesOf(source('rwx'))[0]).toContain('octal digits in quotes such as "027", got "rwx"')
    expect(source("'027'")).not.toThrow()
  })

  test('all of them are told at once, each with its place and what would be right', () => {
    expect(
      mistakesOf(() => loadText(text, { env: { IMGSVC_LIMITS_FILTERS: 'x' }, flags: { 'logs.level': 'loud' } })),
    ).toEqual([
      'imgsvc.yaml:1:9: listen: expected HOST:PORT such as 0.0.0.0:8080, got "nowhere"',
      'imgsvc.yaml:3:18: security.key: expected env:NAME, file:PATH or the value itself as text; put it in quotes',
      'imgsvc.yaml:3:40: security.previousKeys.0: expected env:NAME, file:PATH or the value itself as text',
      'imgsvc.yaml:3:60: security.allowUnsafe: expected true or false, got "yes"',
      'imgsvc.yaml:5:13: sources.0.type: expected "file", "http" or "s3", got "ftp"',
      'imgsvc.yaml:6:25: sources.1.root: expected text that is not empty, got ""',
      'imgsvc.yaml:6:29: sources.1.bucket: only sections of type "s3" have this setting',
      'imgsvc.yaml:7:5: sources.2.type: missing; expected "file", "http" or "s3"',
      'imgsvc.yaml:8:5: sources.3: expected a section whose type is "file", "http" or "s3", got "./images"',
      'imgsvc.yaml:9:30: sources.4.userAgent: expected text that is not empty, got 5; put it in quotes',
      'imgsvc.yaml:9:42: sources.4.timeout: expected a duration such as 30s, at most 24d (units ms, s, m, h, d), got "30d"',
      'imgsvc.yaml:10:24: storage.root: only sections of type "file" or "s3" have this setting',
      'imgsvc.yaml:11:18: cache.memory: expected a size such as 10MB (units B, KB, MB, GB), got "10XB"',
      'imgsvc.yaml:12:20: images.quality: expected a whole number from 1 to 100, got 101',
      'imgsvc.yaml:12:35: images.maxWidth: expected a whole number from 0 on, got -1',
      'imgsvc.yaml:12:47: images.svgDpi: expected a whole number from 1 to 2400, got nothing',
      'imgsvc.yaml:12:74: images.formatPreference.1: expected "webp", "avif", "jpeg" or "png", got "heif"',
      'imgsvc.yaml:13:10: presets: expected a section of settings, got a list',
      `imgsvc.yaml:14:1: __proto__: there is no such setting; known here: ${Object.keys(configSchema.shape).join(', ')}`,
      'imgsvc.yaml:15:1: this key is there twice',
      'imgsvc.yaml:15:22: workers.basePort: expected a whole number from 1 to 65535, got 0',
      'IMGSVC_LIMITS_FILTERS: limits.filters: expected a whole number from 0 to 1000, got "x"',
      '--set logs.level: expected "trace", "debug", "info", "warn", "error" or "fatal", got "loud"',
    ])
  })

  test('a misspelt key suggests the right one', () => {
    expect(mistakesOf(() => loadText('workers:\n  cuont: 3\nlogs: debug\nwokers: {}\n'))).toEqual([
      'imgsvc.yaml:2:3: workers.cuont: there is no such setting; did you mean "count"?',
      'imgsvc.yaml:3:7: logs: expected a section of settings, got "debug"',
      'imgsvc.yaml:4:1: wokers: there is no such setting; did you mean "workers"?',
    ])
  })

  test('entries of lists are told one by one', () => {
    const text = 'sources:\n  - type: http\n    allow: [https://a.com, a.com, 5]\n    allowPrivate: [10.0.0.0]\n'
    expect(mistakesOf(() => loadText(text))).toEqual([
      'imgsvc.yaml:3:13: sources.0.allow.0: expected a host such as img.example.com or *.example.org, got "https://a.com"',
      'imgsvc.yaml:3:35: sources.0.allow.2: expected a host such as img.example.com or *.example.org, got 5',
      'imgsvc.yaml:4:20: sources.0.allowPrivate.0: expected a range of addresses such as 10.0.0.0/8 or fd00::/8, got "10.0.0.0"',
    ])
  })

  test('secrets are not repeated in mistakes', () => {
    const texts = [
      'security: { previousKeys: hidden }',
      'security: { key: [hidden] }',
      'security: { key: !hidden x }',
      'security: { key: *hidden }',
      'admin: { token: { hidden: 1 } }',
    ]
    for (const secret of texts) expect(mistakesOf(() => loadText(secret)).join('\n'), secret).not.toContain('hidden')
    expect(mistakesOf(() => load({ env: { IMGSVC_SECURITY_PREVIOUS_KEYS: 'hidden' } })).join()).not.toContain('hidden')
  })

  test('a long value is shown in part, and hundreds of mistakes are counted', () => {
    expect(mistakesOf(() => loadText(`listen: ${'x'.repeat(500)}\n`))[0]).toBe(
      `imgsvc.yaml:1:9: listen: expected HOST:PORT such as 0.0.0.0:8080, got "${'x'.repeat(60)}…"`,
    )
    const many = mistakesOf(() => loadText(`sources: [${Array(300).fill('1').join(', ')}]\n`))
    expect(many).toHaveLength(51)
    expect(many.at(-1)).toBe('and 250 more')
  })

  test('ports that do not go together name who wrote them', () => {
    expect(
      mistakesOf(() => loadText('workers:\n  basePort: 65535\n', { env: { IMGSVC_ADMIN_LISTEN: '8080' } })),
    ).toEqual([
      'imgsvc.yaml:2:13: workers.basePort: 2 workers from port 65535 on run past 65535',
      'IMGSVC_ADMIN_LISTEN: admin.listen: port 8080 is the public one (listen); choose another',
    ])
  })

  test('a file that is missing is not a mistake in it', () => {
    expect(() => load({ file: 'none.yaml' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNREADABLE', detail: 'none.yaml: there is no such file' }),
    )
  })
})

describe('paths', () => {
  test('start at the directory of the file, or at the base without one', () => {
    const text = 'sources: [{ type: file, root: ./images }, { type: s3, root: prefix }]\nsecurity: { key: file:k }\n'
    writeFileSync(join(dir, 'imgsvc.yaml'), text)
    const { config } = load({ file: join(dir, 'imgsvc.yaml'), base: '/elsewhere' })
    expect(config.sources).toMatchObject([{ root: join(dir, 'images') }, { root: 'prefix' }])
    expect(config.logs.dir).toBe(join(dir, 'logs'))
    expect(config.security.key).toBe(`file:${dir}/k`)
    expect(load({ base: '/srv' }).config.logs.dir).toBe('/srv/logs')
  })
})

describe('the resolved configuration', () => {
  const full = () =>
    load({
      flags: {
        sources:
          '[{type: file, root: a}, {type: http, allow: ["*.example.org"]}, {type: s3, accessKeyId: id, secretAccessKey: env:X}]',
        storage: '{type: file}',
        results: '{type: file, expires: 1h}',
        'images.webpQuality': '70',
      },
    }).config

  test('reads back as the same from JSON, with the same hash', () => {
    const config = full()
    const again = parseResolvedConfig(JSON.stringify(config))
    expect(again).toEqual(config)
    expect(configHash(again)).toBe(configHash(config))
    expect(configHash(parseResolvedConfig(structuredClone(config)))).toBe(configHash(config))
  })

  test('cannot be changed', () => {
    const config = full()
    expect(() => Object.assign(config.workers, { count: 1 })).toThrow(TypeError)
    expect(() => Object.assign(config.listen, { port: 1 })).toThrow(TypeError)
    expect(() => (config.sources as unknown[]).push(1)).toThrow(TypeError)
    expect(Object.isFrozen(parseResolvedConfig(JSON.stringify(config)).sources[1])).toBe(true)
  })

  test('has a hash that changes with every value and not with the order of keys', () => {
    const { config } = load({})
    const reversed = Object.fromEntries(Object.entries(config).reverse())
    expect(configHash(reversed as typeof config)).toBe(configHash(config))
    expect(configHash(load({ flags: { 'images.quality': '81' } }).config)).not.toBe(configHash(config))
    expect(configHash(config)).toMatch(/^[0-9a-f]{16}$/)
  })

  test('that is damaged is refused', () => {
    expect(() => parseResolvedConfig('{"listen":')).toThrow('the resolved configuration is not JSON')
    for (const json of ['[]', 'null', '3']) expect(() => parseResolvedConfig(json)).toThrow('is not an object')
    expect(() => parseResolvedConfig('{"workers":{"count":0}}')).toThrow(
      'workers.count: expected "auto" or a whole number',
    )
    expect(() => parseResolvedConfig('{"__proto__":{}}')).toThrow('__proto__: there is no such setting')
  })
})

test('whatever the file holds, loading ends in a configuration or in an error that says why', () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(
        fc.constantFrom('type', 'root', 'count', 'key', 'listen', 'workers', 'sources', 'a.b', ''),
        tie('node'),
      ),
    ),
  })).node
  const sections = ['listen', 'workers', 'security', 'sources', 'storage', 'images', 'logs', 'admin', 'x']
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...sections), value), (defaults) => {
      try {
        const { config } = loadConfig({ env: {}, base: '/srv', defaults })
        expect(parseResolvedConfig(JSON.stringify(config))).toEqual(config)
      } catch (error) {
        if (!(error instanceof ImgsvcError)) throw error
        expect(error.code).toBe('CONFIG_INVALID')
        expect(error.detail).not.toBe('')
      }
    }),
    { numRuns: 300 },
  )
})
