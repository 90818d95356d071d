import { catalogueFilter, filterLines, readCatalogue } from '../catalogue.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withJson } from './selection.ts'

/** `imgsvc filters`: every filter with its arguments, or one of them in full. */
export const filters = defineCommand({
  command: 'filters [name]',
  describe: 'List the filters, or show the arguments of one',
  build: (yargs) =>
    withJson(yargs)
      .positional('name', { type: 'string', describe: 'One filter' })
      .example('$0 filters', '')
      .example('$0 filters watermark', 'its arguments and an example'),
  run: async ({ name, json }, { out }) => {
    const all = readCatalogue()
    if (name !== undefined) {
      const filter = catalogueFilter(all, name)
      if (json) out.json(filter)
      else for (const line of filterLines(filter)) out.line(line)
    } else if (json) out.json(all)
    else {
      out.table(
        ['FILTER', 'ACTS ON', 'EXAMPLE', 'DOES'],
        all.map(({ signature, phase, example, summary }) => [signature, phase, example, summary]),
      )
    }
    return EXIT.ok
  },
})
