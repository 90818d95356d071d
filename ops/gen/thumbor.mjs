import { readFileSync } from 'node:fs'
import { THUMBOR_ALIASES, THUMBOR_OPTIONS, targetsOf } from '@imgsvc/core/config/thumbor/options'
import { isPartSetting } from './config-example.mjs'
import { code, table } from './markdown.mjs'

/** @typedef {import('@imgsvc/core/config/thumbor/option').ThumborOption} Option */

const PAGE = 'docs/thumbor.md'
const BEGIN = '<!-- Generated from packages/core/src/config/thumbor by `npm run gen`; do not edit. -->'
const END = '<!-- End of what is generated. -->'

const HEAD = ['option', 'default in Thumbor', 'setting', 'what differs']

/** The settings of an option as they are named in configuration.md, each path once. @param {Option} option */
function settingsOf(option) {
  const names = new Map()
  for (const { setting } of targetsOf(option)) {
    if (isPartSetting(setting)) continue
    const types = names.get(setting.path) ?? []
    names.set(setting.path, setting.type ? [...types, setting.type] : types)
  }
  return [...names].map(([path, types]) => code(path) + (types.length === 1 ? ` (${types[0]})` : '')).join(', ')
}

/** @param {Option} option */
const row = (option) => [code(option.name), code(option.fallback), settingsOf(option) || '–', option.note ?? '']

/** @param {Option['source']} source */
const rowsOf = (source) => THUMBOR_OPTIONS.filter((option) => option.source === source).map(row)

/** The tables of options. */
export function optionTables() {
  const own = rowsOf('thumbor')
  const mapped = own.filter(([, , settings]) => settings !== '–').length
  const aliases = Object.entries(THUMBOR_ALIASES).map(([alias, name]) => `${code(alias)} is ${code(name)}`)
  return [
    `Of Thumbor's ${own.length} options ${mapped} have a setting here; for the others the last column says why not. A setting stands in imgsvc.yaml under its path; those of \`sources[]\` in the entry of the type in brackets. Sizes and times have units here: \`MAX_AGE = 3600\` is \`maxAge: 3600s\`. Older names: ${aliases.join(', ')}.`,
    table(HEAD, own),
    '### Options of tc_aws',
    table(HEAD, rowsOf('tc_aws')),
    '### Options of thumbor_aws',
    table(HEAD, rowsOf('thumbor_aws')),
  ].join('\n\n')
}

/** A page whose part between the marks is written anew. @param {string} page */
export function fill(page) {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${PAGE} lacks the marks of its generated part`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${optionTables()}\n\n${page.slice(end)}`
}

export const thumborDocuments = [
  {
    path: PAGE,
    isPart: /** @type {const} */ (true),
    render: () => fill(readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')),
  },
]
