import type {
  ExplainedError,
  ExplainedFilter,
  ExplainedGeometry,
  ExplainedSource,
  ExplainedStep,
  Explanation,
  Facts,
} from '@imgsvc/core/explanation'

/** An explanation for people: a word for each part, and what is wrong at the end, where it is seen. */
export function explainLines(plan: Explanation): readonly string[] {
  const { signature, source, geometry, steps, result, format, encoder, headers, cache } = plan
  return [
    ...part('url', [plan.url]),
    ...part('accept', plan.accept === null ? [] : [plan.accept]),
    ...part('answer', [String(plan.status)]),
    ...part('signature', signature ? [signatureLine(signature)] : []),
    ...part('source', source ? [sourceLine(source)] : plan.request ? [plan.request.source] : []),
    ...part('filters', plan.filters.map(filterLine)),
    ...part('geometry', geometry ? geometryLines(geometry) : []),
    ...part('steps', steps?.map(stepLine) ?? []),
    ...part('result', result ? [`${result.width}x${result.height}${frames(result.frames)}`] : []),
    ...part('format', format ? [`${format.name}: ${format.why}`, ...transparency(format.ifTransparent)] : []),
    ...part('encoder', encoder ? [factsLine(encoder)] : []),
    ...part('headers', headers ? Object.entries(headers).map(([name, value]) => `${name}: ${value}`) : []),
    ...part('cache', cache ? [cache.stored ? 'a finished picture is stored' : 'no finished picture is stored'] : []),
    ...part('errors', plan.errors.flatMap(errorLines)),
  ]
}

function errorLines({ code, status, message, advice }: ExplainedError): readonly string[] {
  return [`${code} (${status}): ${message}`, ...(advice === null ? [] : [`  ${advice}`])]
}

const LABEL_WIDTH = 11

/** The word stands in front of the first line only; without lines there is no part. */
function part(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`)
}

function signatureLine({ kind, accepted, by }: NonNullable<Explanation['signature']>): string {
  if (!accepted) return 'refused, see errors'
  return kind === 'unsafe' ? `none, allowed by ${by}` : `accepted: ${by}`
}

function sourceLine(source: ExplainedSource): string {
  const turned = source.orientation === 1 ? '' : `, orientation ${source.orientation}`
  const cutShort = source.truncated ? ', ends before its picture does' : ''
  const picture = `${source.format} ${source.width}x${source.height}${frames(source.frames)}${turned}${cutShort}`
  const from = source.loader === null ? `from ${source.from}` : `by the loader ${source.loader} (${source.setting})`
  return `${source.name}: ${picture}, ${source.bytes} bytes, ${from}`
}

const frames = (count: number) => (count > 1 ? `, ${count} frames` : '')

function filterLine({ text, phase, args, ignored }: ExplainedFilter): string {
  if (ignored !== null) return `${text}: ignored, ${ignored}`
  const values = args ? factsLine(args) : ''
  return `${text}: ${phase}${values === '' ? '' : `, ${values}`}`
}

function geometryLines({ operations, focalPoints, width, height }: ExplainedGeometry): readonly string[] {
  const points = focalPoints.map(({ x, y, origin }) => `around ${x},${y} (${origin})`)
  return [...operations.map(stepLine), ...points, `makes ${width}x${height}`]
}

const stepLine = ({ op, params }: ExplainedStep) => [op, factsLine(params)].filter(Boolean).join(' ')

function transparency(format: string | null): readonly string[] {
  return format === null ? [] : [`${format} instead if a pixel proves to be transparent`]
}

/** `quality 80, chroma "4:2:0"`: bare where it is one word. */
function factsLine(facts: Facts): string {
  return Object.entries(facts)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'string' && /^[^\s",]+$/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join(', ')
}
