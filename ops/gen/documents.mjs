import { configDocuments } from './config.mjs'
import { errorDocuments } from './errors.mjs'
import { filterDocuments } from './filters.mjs'
import { metricDocuments } from './metrics.mjs'

/**
 * Every generated file: its path from the root of the repository, and what makes its text. A new one is a module
 * that exports such a list, and its line here.
 *
 * @type {readonly { readonly path: string, readonly render: () => string | Promise<string> }[]}
 */
export const documents = [...configDocuments, ...errorDocuments, ...filterDocuments, ...metricDocuments]
