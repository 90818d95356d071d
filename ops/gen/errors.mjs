import { ERRORS } from '@imgsvc/core/errors'
import { code, generatedFrom, table } from './markdown.mjs'

const INTRO = `# Errors

Every error has a code. The public port and the control API answer it as JSON, with the status of the table:

\`\`\`json
{ "error": { "code": "SOURCE_NOT_FOUND", "message": "The source image was not found: cats/1.jpg", "requestId": "…" } }
\`\`\`

The message is the sentence of the table and, where *detail* says "shown", what exactly was wrong. Details that are
hidden stand in the log of the process, under the same request id. Match on the code: sentences may change.
Error answers carry \`Cache-Control: no-store\`. With \`compat.thumborStatus: true\` a source that fails is answered 404,
as thumbor does, instead of 502 or 504.`

const rows = Object.entries(ERRORS).map(([name, { status, expose, text }]) => [
  code(name),
  String(status),
  expose ? 'shown' : 'hidden',
  `${text}.`,
])

export const errorDocuments = [
  {
    path: 'docs/errors.md',
    render: () => {
      const list = table(['code', 'status', 'detail', 'sentence'], rows)
      return `${[generatedFrom('packages/core/src/errors.ts'), INTRO, list].join('\n\n')}\n`
    },
  },
]
