import { describeFilters } from '@imgsvc/worker/filters/describe'
import { code, generatedFrom, table } from './markdown.mjs'

const INTRO = `# Filters

Filters stand in the URL after \`filters:\`, separated by colons, and are applied in that order:

    /300x200/filters:blur(4):quality(80)/cats/1.jpg

Names and arguments are thumbor's, 32 filters in all; \`gifv\` is that of its plug-in ([optimizers.md](optimizers.md)).
A filter that does not exist, or whose arguments do not fit, does nothing and is named in the header
\`X-Imgsvc-Ignored\`; with \`filters.onInvalid: reject\` the request is answered 400 and told what would be right.
Pictures that come as GIF pass without filters, as in thumbor, but for those that act before the sizes are worked out;
\`compat.skipGifFilters: false\` lets all of them act, on every frame ([animations.md](animations.md)).

The pictures show a photo without the filter and with it, as the example is written; what is transparent shows
squares. Where both look the same, it is the file or the answer that changes.`

/** Phases in the order they act, and what that means for a reader. */
const PHASES = [
  ['source', 'Before the sizes are worked out'],
  ['geometry', 'On the finished picture, changing its size or shape'],
  ['pixels', 'On the finished picture, changing its colours'],
  ['encode', 'When the picture is written'],
  ['request', 'On the answer'],
]

/** @param {import('@imgsvc/worker/filters/describe').FilterDescription} filter */
function section({ name, summary, signature, args, example }) {
  const rows = args.map((arg) => [
    code(arg.name),
    [arg.expected, arg.unit && `in ${arg.unit}`].filter(Boolean).join(', '),
    arg.optional ? code(String(arg.default ?? '')) : 'required',
    arg.doc,
  ])
  const list = rows.length > 0 ? [table(['argument', 'expected', 'default', 'meaning'], rows)] : []
  const shown = `![without and with ${name}](images/filters/${name}.jpg)`
  return [`### ${name}`, summary, `${code(signature)}, for example ${code(example)}:`, shown, ...list].join('\n\n')
}

function markdown() {
  const filters = describeFilters()
  const parts = PHASES.flatMap(([phase, title]) => {
    const own = filters.filter((filter) => filter.phase === phase)
    return own.length > 0 ? [`## ${title}`, ...own.map(section)] : []
  })
  return `${[generatedFrom('packages/worker/src/filters'), INTRO, ...parts].join('\n\n')}\n`
}

/** JSON has no comments, and the first line of a generated file has to say so. */
function catalogue() {
  const [open, ...rest] = JSON.stringify({ filters: describeFilters() }, null, 2).split('\n')
  return `${[`${open} "$comment": "Generated from packages/worker/src/filters by \`npm run gen\`; do not edit.",`, ...rest].join('\n')}\n`
}

export const filterDocuments = [
  // The command line and the playground list the filters without loading the engine.
  { path: 'packages/worker/catalogue.json', render: catalogue },
  { path: 'docs/filters.md', render: markdown },
]
