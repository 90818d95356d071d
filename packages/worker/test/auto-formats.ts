import type { AutoFormats } from '../src/pipeline/result-namespace.ts'

const FLAGS = { AUTO_WEBP: 'webp', AUTO_AVIF: 'avif', AUTO_JPG: 'jpg', AUTO_HEIF: 'heif', AUTO_PNG: 'png' } as const
type Format = (typeof FLAGS)[keyof typeof FLAGS]

/** thumbor's settings about automatic formats as the vectors write them; names it does not know are dropped, as it does. */
export function autoFormatsOf(config: Readonly<Record<string, unknown>>): AutoFormats {
  const isFormat = (name: string): name is Format => Object.values<string>(FLAGS).includes(name)
  const named = (config.AUTO_IMAGE_FORMAT_PREFERENCE ?? []) as readonly string[]
  const preference = named.map((name) => name.trim().toLowerCase()).filter(isFormat)
  return {
    flags: new Set(Object.entries(FLAGS).flatMap(([flag, format]) => (config[flag] === true ? [format] : []))),
    preference: [...new Set(preference)],
    pngToJpg: config.AUTO_PNG_TO_JPG === true,
  }
}
