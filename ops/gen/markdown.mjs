/** Line 1 of every generated Markdown file. @param {string} from */
export const generatedFrom = (from) => `<!-- Generated from ${from} by \`npm run gen\`; do not edit. -->`

/**
 * A table. Cells may hold any text.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

// A bar ends a cell even inside a code span.
const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** Text as code; nothing stays nothing. @param {string | undefined} text */
export const code = (text) => (text ? `\`${text}\`` : '')
