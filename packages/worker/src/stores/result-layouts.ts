import { createHash } from 'node:crypto'
import { unquoteLossy } from '@imgsvc/core/url/percent'
import type { ResultRequest, StoredResult } from '../pipeline/types.ts'
import { resultPath } from './keys.ts'
import { decodeEntry, encodeEntry } from './result-entry.ts'
import type { Blob } from './store.ts'
import { type TcAwsKeyOptions, tcAwsKey } from './tc-aws-keys.ts'

/** How a result storage names its entries and what is in them. */
export interface ResultLayout {
  /** Nothing but our own entries is in its place: what is damaged may be removed. */
  readonly isOwn: boolean
  nameOf(request: ResultRequest): string
  /** Where an older version may have put it: found there, it is moved to its name. */
  readonly legacyNameOf?: (request: ResultRequest) => string | undefined
  encode(request: ResultRequest, result: StoredResult): Blob
  /** Undefined: damaged, or none of ours. */
  decode(request: ResultRequest, found: Blob): StoredResult | undefined
}

/** Names the file format and what goes into a key; a change of either gets a new directory. */
const NAMESPACE = 'v1'

/**
 * `<prefix>v1/<2 hex>/<2 hex>/<36 hex>` of SHA-1 over the key, each entry with its headers and a checksum. `prefix` is
 * empty or ends with a slash.
 */
export function imgsvcLayout(prefix = ''): ResultLayout {
  return {
    isOwn: true,
    nameOf: ({ key }) => prefix + resultPath(NAMESPACE, key),
    encode: ({ key }, result) => ({
      bytes: Buffer.concat(encodeEntry(key, result)),
      modifiedAt: undefined,
      contentType: 'application/octet-stream',
    }),
    decode: ({ key }, { bytes }) => decodeEntry(key, bytes),
  }
}

/** Media type of bytes; undefined for what is no picture. */
type ContentTypeOf = (bytes: Buffer) => string | undefined

/** The pictures alone, as thumbor keeps them: everything else is told from the bytes and the request. */
function bareEntries(contentTypeOf: ContentTypeOf): Pick<ResultLayout, 'isOwn' | 'encode' | 'decode'> {
  return {
    isOwn: false,
    encode: (_, { data, contentType }) => ({ bytes: data, modifiedAt: undefined, contentType }),
    decode(request, { bytes, modifiedAt }) {
      const assumed = request.assumed()
      const contentType = assumed.contentType ?? contentTypeOf(bytes)
      if (bytes.length === 0 || contentType === undefined) return undefined
      // The names of these layouts do not tell one state of an upload from the next.
      if (request.uploadedAt !== undefined && (modifiedAt ?? 0) < request.uploadedAt) return undefined
      const etag = `"${createHash('sha1').update(bytes).digest('hex')}"` // thumbor's
      return { ...assumed, contentType, data: bytes, etag, lastModified: Math.floor((modifiedAt ?? 0) / 1000) * 1000 }
    },
  }
}

/**
 * `<namespace>/<2 hex>/<2 hex>/<36 hex>` of SHA-1 over the unquoted path (`thumbor/result_storages/file_storage.py`), with
 * the readable names of its version 2 before that.
 */
export function thumborLayout(contentTypeOf: ContentTypeOf): ResultLayout {
  return {
    ...bareEntries(contentTypeOf),
    nameOf: ({ path, namespace }) => resultPath(namespace().name, unquoteLossy(path)),
    legacyNameOf(request) {
      const { isPlain, webp } = request.namespace()
      return isPlain ? legacyResultPath(request.path, webp) : undefined
    },
  }
}

/**
 * `v2/[webp/]<2 characters>/<2 characters>/<path>`, `http://` left out. Undefined for what could lead out of the
 * directory: the path comes from outside.
 */
export function legacyResultPath(path: string, webp: boolean): string | undefined {
  const plain = unquoteLossy(path).replace(/^\/+/, '')
  const name = `v2/${webp ? 'webp/' : ''}${plain.slice(0, 2)}/${plain.slice(2, 4)}/${plain}`.replaceAll('http://', '')
  const isPlace = !name.includes('\0') && !name.split('/').some((segment) => segment === '.' || segment === '..')
  return isPlace ? name : undefined
}

export interface AwsLayoutOptions {
  readonly contentTypeOf: ContentTypeOf
  /** Headers of the answer become metadata of the object. */
  readonly storeHeaders: boolean
}

/**
 * Keys of tc_aws. It knew one variant of a path, `webp`; where other formats depend on Accept it mixed them, so those get
 * a segment of their own and the mixed ones are not read.
 */
export function tcAwsResultLayout(options: TcAwsKeyOptions & AwsLayoutOptions): ResultLayout {
  return {
    ...awsEntries(options),
    nameOf: (request) => tcAwsKey(request.path, variantOf(request), options),
  }
}

/** Keys of willtrking/thumbor_aws 1: SHA-1 of the path and its variant below `root`, by default `thumbor/result_storage/`. */
export function thumborAwsResultLayout(options: { readonly root: string } & AwsLayoutOptions): ResultLayout {
  const prefix = options.root === '' ? 'thumbor/result_storage/' : options.root
  return {
    ...awsEntries(options),
    nameOf(request) {
      const variant = variantOf(request)
      const text = variant === undefined ? request.path : `${request.path}.${variant}`
      return prefix + createHash('sha1').update(text).digest('hex')
    },
  }
}

function variantOf({ namespace }: ResultRequest): string | undefined {
  const { name, isPlain, webp } = namespace()
  if (!isPlain) return name
  return webp ? 'webp' : undefined
}

function awsEntries({ contentTypeOf, storeHeaders }: AwsLayoutOptions): ReturnType<typeof bareEntries> {
  const entries = bareEntries(contentTypeOf)
  const { encode } = entries
  if (!storeHeaders) return entries
  return { ...entries, encode: (request, result) => ({ ...encode(request, result), metadata: headersOf(result) }) }
}

function headersOf({ contentType, etag, maxAge, vary }: StoredResult): Record<string, string> {
  return {
    'content-type': contentType,
    etag,
    ...(maxAge > 0 && { 'cache-control': `max-age=${maxAge},public` }),
    ...(vary && { vary: 'Accept' }),
  }
}
