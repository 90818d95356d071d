import type { FilterCall } from './request.ts'

/**
 * Splits the text of a `filters:` segment as thumbor does (`thumbor/filters/__init__.py` create_instances): at every
 * `):`, wherever it stands, even inside an argument; all but the last piece get their `)` back. The name is what
 * precedes the first `(`, as it is. Never throws and never returns an empty list: what cannot be a filter is a call
 * with an unknown name.
 */
export function splitFilterCalls(text: string): readonly FilterCall[] {
  const pieces = text.split('):')
  return pieces.map((piece, i) => {
    const call = i < pieces.length - 1 ? `${piece})` : piece
    return { name: piece.split('(', 1)[0] ?? '', text: call }
  })
}
