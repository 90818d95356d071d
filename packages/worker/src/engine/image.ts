import type { SourceDetails } from './details.ts'

/** What a source can be, found from its bytes, never from its name. */
export type SourceFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'tiff' | 'svg'

/** What imgsvc writes. */
export type OutputFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif'

export const CONTENT_TYPES: Readonly<Record<OutputFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
}

/** What an animation may be answered as, made by ffmpeg. */
export type VideoFormat = 'mp4' | 'webm'

export const VIDEO_TYPES: Readonly<Record<VideoFormat, string>> = { mp4: 'video/mp4', webm: 'video/webm' }

/** How the frames of an animation follow each other. */
export interface Animation {
  /** Time each frame stays, ms; 0 leaves it to the viewer. */
  readonly delays: readonly number[]
  /** How many times it is played; 0 is for ever. */
  readonly loop: number
}

/** What the header of a source says; nothing is decoded to learn it. */
export interface SourceInfo extends SourceDetails {
  readonly format: SourceFormat
  /** Stored size, px, before any EXIF turn. */
  readonly width: number
  readonly height: number
  /** EXIF orientation 1 to 8; 1 when absent or nonsense. */
  readonly orientation: number
  readonly hasAlpha: boolean
  /** Frames that may be shown: 1 for a still, for a format without animations here, and where they are switched off. */
  readonly pages: number
  /** With several `pages` only. */
  readonly animation?: Animation
  /** How colours are stored. */
  readonly space: 'rgb' | 'gray' | 'cmyk'
  /** An ICC profile is embedded. */
  readonly hasProfile: boolean
  /** SVG only: the resolution that makes CSS pixels 1 px and inches `svgDpi` px, as libvips takes it. */
  readonly density?: number
}

/** Interleaved 8-bit sRGB pixels, `width × height × channels`, not premultiplied. */
export interface RawImage {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

/** The frames of an animation, one after another, each like the data of a `RawImage` of these sides. */
export interface RawFrames {
  readonly data: Uint8Array
  /** Of one frame, px. */
  readonly width: number
  readonly height: number
  readonly channels: RawImage['channels']
  readonly frames: number
}
