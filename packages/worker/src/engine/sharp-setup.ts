import sharp from 'sharp'

/** Decoders that may see bytes from outside; every other one of libvips is switched off. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff', 'Svg'] as const

/**
 * Prepares libvips for many small pictures at once, once per process: one thread per picture (parallelism is across
 * requests), no operation cache (no two requests repeat an operation), and only the decoders of formats we serve.
 */
export function setUpSharp(): void {
  sharp.concurrency(1)
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) })
}
