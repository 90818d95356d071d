import type {
  ExplainedFormat,
  ExplainedGeometry,
  ExplainedSource,
  ExplainedStep,
  Facts,
} from '@imgsvc/core/explanation'
import type { Encoding } from '../engine/encode.ts'
import type { GeometryOp } from '../engine/geometry/transform.ts'
import { CONTENT_TYPES } from '../engine/image.ts'
import type { Step } from '../engine/ops.ts'
import type { Opened } from './gather.ts'
import { chooseFormat, type FormatChoice, type NegotiationInput } from './negotiate.ts'
import type { Plan } from './plan.ts'

/** The original and what its header says. */
export function explainSource(name: string, { original, info }: Opened): ExplainedSource {
  const { format, width, height, orientation, hasAlpha, pages, truncated } = info
  const { from, loader, bytes } = original
  return {
    name,
    from,
    loader: loader?.name ?? null,
    setting: loader ? `sources.${loader.place}` : null,
    bytes: bytes.length,
    ...{ format, width, height, orientation, hasAlpha },
    frames: pages,
    truncated: truncated === true,
  }
}

/** The arithmetic of the plan, as it was worked out. */
export function explainGeometry({ geometry }: Plan): ExplainedGeometry {
  const { ops, size, focalPoints } = geometry
  return {
    operations: ops.map(explainOp),
    focalPoints: focalPoints.map(({ x, y, weight, box, origin }) => ({
      ...{ x, y, weight },
      ...(box && { width: box.width, height: box.height }),
      origin: origin ?? (box ? 'explicit' : 'alignment'),
    })),
    width: size.width,
    height: size.height,
  }
}

function explainOp(op: GeometryOp): ExplainedStep {
  switch (op.kind) {
    case 'crop':
      return { op: 'crop', params: { ...op.box } }
    case 'resize':
      return { op: 'resize', params: { ...op.size } }
    case 'turn':
      return { op: 'turn', params: { ...op.turn } }
  }
}

/** What runs on pixels: the operations of sharp after optimisation, and functions on raw pixels. */
export function explainSteps({ steps }: Plan): readonly ExplainedStep[] {
  return steps.map(({ op, params }: Step) => ({ op, params }))
}

/** The format and what decided it. */
export function explainFormat({ size, encoding, ifTransparent }: Plan, input: NegotiationInput): ExplainedFormat {
  const choice = chooseFormat(input, { size, transparent: false })
  return {
    name: encoding.format,
    contentType: CONTENT_TYPES[encoding.format],
    why: reason(choice, input),
    candidates: [...input.candidates],
    ifTransparent: ifTransparent?.format ?? null,
  }
}

function reason({ format, by }: FormatChoice, { source, candidates }: NegotiationInput): string {
  switch (by) {
    case 'filter':
      return 'the filter format() asks for it'
    case 'accept':
      return `the client accepts it, and the settings of images allow it (candidates: ${candidates.join(', ')})`
    case 'png-to-jpeg':
      return 'a PNG without transparency is written as JPEG (images.autoPngToJpg, or the filter autojpg())'
    case 'animation':
      return `the source is an animated ${source.format}, which is not converted`
    case 'source': {
      const why = format === source.format ? 'the source has it' : `sources that are ${source.format} become ${format}`
      return candidates.length === 0
        ? `${why}, and nothing else is offered to this client`
        : `${why}, and none of ${candidates.join(', ')} can hold the picture`
    }
  }
}

/** The settings that matter to the encoder of this format. */
export function explainEncoder(encoding: Encoding): Facts {
  const { format, quality, maxBytes, colours } = encoding
  const squeezed = maxBytes === undefined ? {} : { maxBytes }
  switch (format) {
    case 'jpeg':
      return {
        ...{ format, quality, ...squeezed, progressive: encoding.progressiveJpeg },
        ...{ chroma: encoding.jpegChroma, quantTable: encoding.jpegQuantTable, trellis: encoding.jpegTrellis ?? false },
      }
    case 'png':
      return { format, compressionLevel: encoding.pngLevel, ...(colours !== undefined && { colours }) }
    case 'webp':
      return { format, quality, ...squeezed, effort: encoding.webpEffort, lossless: quality === 100 }
    case 'avif':
      return { format, quality, effort: encoding.avifEffort, chroma: encoding.avifChroma }
    case 'gif':
      return { format, colours: colours ?? 256 }
  }
}
