import type { Sharp } from 'sharp'
import { editedExif } from './exif.ts'
import type { OutputFormat, SourceInfo } from './image.ts'

/** What of the source's metadata goes into the result. */
export interface Metadata {
  /** Keep the ICC profile and leave the numbers as they are; otherwise colours are converted to sRGB. */
  readonly icc: boolean
  /** The EXIF block but for the small picture in it, or three texts of it about the author's rights. */
  readonly exif: 'whole' | 'rights' | undefined
  readonly xmp: boolean
  /** The picture was turned by its EXIF orientation, which therefore becomes 1. */
  readonly upright: boolean
}

/** Whether anything but the profile is kept, which only a pipeline that begins with the source can do. */
export function needsSource({ exif, xmp }: Metadata): boolean {
  return exif !== undefined || xmp
}

/**
 * What of EXIF there is to keep. Told to keep what is not there, libvips makes a block up from size and resolution; a
 * TIFF's orientation needs one, though it had none.
 */
function keepableExif({ exif, upright }: Metadata, source: SourceInfo): Metadata['exif'] {
  return source.exif || (source.orientation !== 1 && !upright) ? exif : undefined
}

/**
 * The source as it has to be opened, and what can be kept of it. libvips writes the orientation of the source beside
 * any metadata, and into AVIF even without, where it turns the picture (`irot`): it has to be set to 1 in a copy.
 */
export function preparedSource(
  bytes: Buffer,
  source: SourceInfo,
  wanted: Metadata,
  output: OutputFormat,
): { readonly bytes: Buffer; readonly metadata: Metadata } {
  const { format, orientation } = source
  const metadata = { ...wanted, exif: keepableExif(wanted, source) }
  const { exif, upright } = metadata
  if (!needsSource(metadata) && (output !== 'avif' || orientation === 1)) return { bytes, metadata }
  const edit = { rightsOnly: exif === 'rights', upright: upright || exif !== 'whole' }
  const edited = editedExif(bytes, format, edit)
  const keepable = exif !== 'rights' || edited?.complete ? exif : undefined
  return { bytes: edited?.bytes ?? bytes, metadata: { ...metadata, exif: keepable } }
}

/** Adds what is kept of the metadata to a pipeline; see `needsSource`. */
export function keepMetadata(image: Sharp, { icc, exif, xmp }: Metadata): Sharp {
  const profiled = icc ? image.keepIccProfile() : image
  const described = xmp ? profiled.keepXmp() : profiled
  return exif ? described.keepExif() : described
}
