import { formatSetting } from '@imgsvc/core/config/format'
import { listSettings } from '@imgsvc/core/config/names'

/** @typedef {import('@imgsvc/core/config/names').SettingEntry} Setting */

/** A configuration as one would write it; a test loads it. */
export function exampleConfig() {
  return `listen: 0.0.0.0:8080
workers: { count: auto, basePort: 8000 }

security:
  key: env:IMGSVC_KEY            # HMAC key of the URLs
  previousKeys: [file:./old.key] # still accepted, for rotation

sources: # tried in order; not found passes on to the next
  - { type: file, root: ./images }
  - type: s3
    bucket: photos
    region: eu-west-1
    accessKeyId: env:AWS_ACCESS_KEY_ID
    secretAccessKey: env:AWS_SECRET_ACCESS_KEY
  - { type: http, allow: [img.example.com, '*.example.org'] }

storage: { type: file, root: ./originals, expires: 30d }
results: { type: file, root: ./results, expires: 0 } # 0: never

images: { autoWebp: true, quality: 80, maxAge: 7d }
logs: { dir: ./logs, maxBytes: 10MB, backups: 10 }
admin: { listen: '127.0.0.1:9001', token: env:IMGSVC_ADMIN_TOKEN }
`
}

const HEAD = `# Generated from packages/core/src/config by \`npm run gen\`; do not edit.
# Every setting with its default. What is commented out has none, or belongs to another type.
`

/** Every setting with its default, as YAML; a test loads it. */
export function fullConfig() {
  const settings = listSettings().filter((setting) => !isPartSetting(setting))
  const sections = new Set(settings.map(sectionOf))
  const parts = [...sections].map((section) => part(settings.filter((setting) => sectionOf(setting) === section)))
  return [HEAD, ...parts].join('\n')
}

/** Within a part of a mixed storage or that of uploads, whose settings are those of the storage itself. @param {Setting} setting */
export const isPartSetting = ({ path }) => /^(storage\.\w+|upload\.storage)\.(?!type$)/.test(path)

const sectionOf = (/** @type {Setting} */ { path }) => /** @type {string} */ (path.split(/[.[]/)[0])
const keyOf = (/** @type {Pick<Setting, 'path'>} */ { path }) => path.slice(path.indexOf('.') + 1)

/** The settings of one section. @param {readonly Setting[]} settings */
function part(settings) {
  const [first] = /** @type {[Setting, ...Setting[]]} */ (settings)
  if (first.path !== sectionOf(first)) {
    return text([`${sectionOf(first)}:`, ...indent(block(settings, 1))])
  }
  const entries = settings.slice(1)
  const types = new Set(entries.flatMap(({ type }) => type ?? []))
  return text([...lines(first), ...[...types].flatMap((type) => entry(type, entries))])
}

/**
 * Settings of a section `depth` names deep; those of a section within it below its name.
 * @param {readonly Setting[]} settings @param {number} depth @returns {string[]}
 */
function block(settings, depth) {
  const innerOf = (/** @type {Setting} */ { path, type }) =>
    type === undefined && path.split('.').length > depth + 1 ? path.split('.')[depth] : undefined
  const inner = new Set(settings.flatMap((setting) => innerOf(setting) ?? []))
  const own = settings.filter((setting) => innerOf(setting) === undefined)
  const below = [...inner].flatMap((name) => [
    `${name}:`,
    ...indent(
      block(
        settings.filter((setting) => innerOf(setting) === name),
        depth + 1,
      ),
    ),
  ])
  return [...own.flatMap((setting) => lines(setting)), ...below]
}

/** A commented-out entry of a list. @param {string} type @param {readonly Setting[]} settings */
function entry(type, settings) {
  const own = settings.filter((setting) => setting.type === type).map((setting) => ({ ...setting, type: undefined }))
  return [`- type: ${type}`, ...own.flatMap((setting) => indent(lines(setting, true)))].map((line) => `  # ${line}`)
}

/** @param {Setting} setting */
function lines({ path, type, kind, fallback, isRequired, meta, expected }, isCommentedOut = false) {
  const isOff = isCommentedOut ? fallback === undefined && !isRequired : type !== undefined || fallback === undefined
  const value = fallback === undefined ? '' : ` ${formatSetting(fallback, kind)}`
  const where = type === undefined ? '' : `type ${type}: `
  const hint = fallback === undefined ? ` (${expected})` : ''
  const [key, ...inner] = keyOf({ path }).split('.')
  const isPart = type !== undefined && inner.length > 0
  const text = isPart ? `${key}: { ${inner.join('.')}:${value} }` : `${path.split('.').at(-1)}:${value}`
  return [`# ${where}${meta.doc}${hint}`, `${isOff ? '# ' : ''}${text}`]
}

const indent = (/** @type {readonly string[]} */ block) => block.map((line) => `  ${line}`)
const text = (/** @type {readonly string[]} */ block) => block.map((line) => `${line}\n`).join('')
