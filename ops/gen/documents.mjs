import { configDocuments } from './config.mjs'
import { errorDocuments } from './errors.mjs'
import { filterPictures } from './filter-pictures.mjs'
import { filterDocuments } from './filters.mjs'
import { metricDocuments } from './metrics.mjs'
import { systemdDocuments } from './systemd.mjs'
import { thumborDocuments } from './thumbor.mjs'

/**
 * A generated file. One that is not text tells by `isSame` when a difference does not count; one that is written by
 * hand but for a part (`isPart`) says there what is generated.
 *
 * @typedef {{
 *   readonly path: string
 *   readonly render: () => string | Promise<string> | Promise<Buffer>
 *   readonly isPart?: true,
 *   readonly isSame?: (written: Buffer, rendered: Buffer) => Promise<boolean>
 * }} Document
 */

/**
 * Every generated file: its path from the root of the repository, and what makes its text. A new one is a module
 * that exports such a list, and its line here.
 *
 * @type {readonly Document[]}
 */
export const documents = [
  ...configDocuments,
  ...errorDocuments,
  ...filterDocuments,
  ...filterPictures,
  ...metricDocuments,
  ...thumborDocuments,
  ...systemdDocuments,
]
