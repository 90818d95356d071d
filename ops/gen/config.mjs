import { formatSetting } from '@imgsvc/core/config/format'
import { configJsonSchema } from '@imgsvc/core/config/json-schema'
import { listSettings } from '@imgsvc/core/config/names'
import { exampleConfig, fullConfig, isPartSetting } from './config-example.mjs'
import { code, generatedFrom, table } from './markdown.mjs'

/** @typedef {import('@imgsvc/core/config/names').SettingEntry} Setting */

const INTRO = `# Configuration

One YAML file, \`imgsvc.yaml\`. Every setting has a default: an empty file is a configuration. What is not known is a
mistake, and all mistakes are reported at once, with line and column:

\`\`\`console
$ imgsvc config check imgsvc.yaml
imgsvc.yaml:2:3: workers.cuont: there is no such setting; did you mean "count"?
imgsvc.yaml:7:12: images.quality: expected a whole number from 1 to 100, got 101
\`\`\`

\`imgsvc config show\` prints the configuration in force and who wrote each value.

## Example

\`\`\`yaml
${exampleConfig()}\`\`\`

[imgsvc.example.yaml](imgsvc.example.yaml) has every setting with its default.
[imgsvc.schema.json](../packages/core/imgsvc.schema.json) lets editors complete and check the file; put this on its first line:

\`\`\`yaml
# yaml-language-server: $schema=./packages/core/imgsvc.schema.json
\`\`\`

## Order of precedence

The later wins:

1. the default of the table
2. the file
3. the environment: \`IMGSVC_\` and the path in capitals, \`balancer.maxBody\` is \`IMGSVC_BALANCER_MAX_BODY\`. An empty
   variable counts as not set; one that looks like a misspelt setting is warned about.
4. flags: \`--set balancer.maxBody=1MB\`, for any setting and as often as needed; \`--listen\`, \`--workers\`, \`--worker-port\`,
   \`--admin\` and \`--root\` for the usual ones

In variables and flags, texts, choices, addresses and secrets are taken as they stand; everything else is read as YAML:
\`--set 'sources=[{type: file, root: ./images}]'\`. Entries of lists are numbered from 0: \`--set sources.0.root=./other\`;
the number after the last adds one. Sections are merged over the weaker ones, lists are replaced. A section
whose \`type\` differs from the weaker one replaces it.

## Notation

- **Sizes** are a number and \`B\`, \`KB\`, \`MB\` or \`GB\` (powers of 1024), in either case: \`10MB\`. A plain number is bytes.
- **Durations** are a number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`: \`1.5s\`, \`30d\`. A plain number is milliseconds.
  Times that are waited for are at most 24d, ages at most 36500d.
- **Addresses** are \`HOST:PORT\`, \`[IPV6]:PORT\`, \`:PORT\` or \`PORT\`; without a host all addresses of the machine.
- **Paths** that are relative start at the directory of the file; without a file, at the working directory.
- **Secrets** are better kept out of the file: \`env:NAME\` takes an environment variable, \`file:PATH\` the content of a file
  without its last line break. A reference to something that is missing or empty is a mistake. Secrets are never printed.

## Applying a change

\`imgsvc reload\` (or SIGHUP) reads the configuration again. A mistake changes nothing. Settings marked *live* are taken over
by running processes; those marked *restart* need processes restarted, which reload does one by one, except for
\`listen\` and \`admin.listen\`: these need \`imgsvc down\` and \`imgsvc up\`.`

/** What each part of the file is for. @type {Readonly<Record<string, string>>} */
const PARTS = {
  listen: 'The public port.',
  workers: 'The worker processes: how many, where they listen, when they count as failed.',
  balancer: 'The balancer processes on the public port.',
  security: 'Signing keys. Without a key the first `up` makes one in the state directory.',
  sources: 'Where originals come from: a list of sections, each with its `type`; [sources.md](sources.md).',
  limits: 'Bounds every request and every source obeys.',
  storage:
    'Cache of originals fetched from http and s3 sources, with keys and detected points; [storage.md](storage.md). The parts of a mixed one have the settings of a storage of their type.',
  upload:
    'Pictures given to the service at `/image`; kept in `storage`, or in `upload.storage` with the settings of a storage of that type.',
  results: 'Cache of finished pictures; [storage.md](storage.md).',
  cache: 'Hot responses in the balancer.',
  images: 'What pictures come out as.',
  tools: 'Programs that finish pictures; nothing needs them.',
  responses: 'Headers of the answers.',
  detection: 'What `smart` in a URL looks for, and how long; see [smart.md](smart.md).',
  filters: 'How filters in URLs are treated.',
  presets: 'Named sets of options.',
  logs: 'Log files, one per process.',
  hooks: 'Who is told what happens; see [events.md](events.md).',
  admin: 'Metrics, control API and web pages.',
  compat: 'Compatibility with thumbor.',
}

const HEAD = ['setting', 'value', 'default', 'applies', 'environment', 'thumbor', 'meaning']

function reference() {
  const settings = listSettings()
  const parts = [...new Set(settings.map(partOf))]
  return parts.map((part) => {
    const purpose = PARTS[part]
    if (!purpose) throw new Error(`ops/gen/config.mjs: PARTS has no sentence for "${part}"`)
    const rows = settings.filter((setting) => partOf(setting) === part && !isPartSetting(setting)).map(row)
    return `### ${part}\n\n${purpose}\n\n${table(HEAD, rows)}`
  })
}

const partOf = (/** @type {Setting} */ { path }) => /** @type {string} */ (/^[a-z]+/i.exec(path)?.[0])

/** @param {Setting} setting */
function row({ path, type, env, kind, expected, fallback, meta }) {
  const unit = meta.unit && kind !== 'size' ? `, ${meta.unit}` : ''
  return [
    code(path) + (type ? ` (${type})` : ''),
    kind === 'size' || kind === 'duration' ? kind : kind === 'secret' ? 'secret' : expected + unit,
    fallback === undefined ? '' : code(formatSetting(fallback, kind)),
    meta.reload,
    code(env),
    code(meta.thumbor),
    meta.doc,
  ]
}

function schemaText() {
  const comment = 'Generated from packages/core/src/config by `npm run gen`; do not edit.'
  const text = JSON.stringify({ $comment: comment, ...configJsonSchema() }, null, 2)
  return `${text.replace(/^\{\s+/, '{ ')}\n`
}

export const configDocuments = [
  {
    path: 'docs/configuration.md',
    render: () => `${[generatedFrom('packages/core/src/config'), INTRO, '## Settings', ...reference()].join('\n\n')}\n`,
  },
  { path: 'docs/imgsvc.example.yaml', render: fullConfig },
  { path: 'packages/core/imgsvc.schema.json', render: schemaText },
]
