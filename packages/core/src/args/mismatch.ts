import type { Field } from './fields.ts'

const MAX_QUOTED = 60

/**
 * One sentence on why a call does not match its fields: the first argument that is wrong or missing, or their number.
 * `brightness: amount must be an integer from -100 to 100, got "140"`. Takes linear time.
 */
export function describeMismatch(filterName: string, text: string, fields: readonly Field<unknown>[]): string {
  const args = roughArguments(filterName, text)
  if (!args) return `${filterName}: expected ${signature(filterName, fields)}, got ${quote(text)}`
  for (const [i, field] of fields.entries()) {
    const arg = args[i]
    if (arg === undefined && field.optional) break
    if (arg === undefined) return `${filterName}: ${field.name} is missing (expected ${field.expected})`
    if (field.parse(arg) === undefined)
      return `${filterName}: ${field.name} must be ${field.expected}, got ${quote(arg)}`
  }
  if (args.length > fields.length) {
    const most = fields.length === 1 ? '1 argument' : `${fields.length} arguments`
    return `${filterName}: takes at most ${most}, got ${args.length}`
  }
  return `${filterName}: expected ${signature(filterName, fields)}, got ${quote(text)}`
}

/** The arguments as a person would count them: commas inside quotes or brackets do not separate. */
function roughArguments(filterName: string, text: string): readonly string[] | undefined {
  const close = text.lastIndexOf(')')
  if (!text.startsWith(`${filterName}(`) || close < 0) return undefined
  const body = text.slice(filterName.length + 1, close)
  if (body === '') return []
  const args: string[] = []
  let start = 0
  let blank = true
  let closing: string | undefined
  for (let i = 0; i < body.length; i++) {
    const char = body[i] as string
    if (closing !== undefined) {
      if (char === closing) closing = undefined
    } else if (char === ',') {
      args.push(body.slice(start, i).trim())
      start = i + 1
      blank = true
      continue
    } else if (char === '[') closing = ']'
    else if (char === "'" && blank) closing = "'"
    blank &&= char === ' '
  }
  args.push(body.slice(start).trim())
  return args
}

function signature(filterName: string, fields: readonly Field<unknown>[]): string {
  return `${filterName}(${fields.map((field) => (field.optional ? `${field.name}?` : field.name)).join(', ')})`
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
}
