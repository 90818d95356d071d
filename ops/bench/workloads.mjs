// What is measured: two sizes of one photograph, as JPEG and as WebP.
export const SOURCE = 'flower.jpg'

export const MISS_WORKLOADS = [
  { name: '300x200 jpeg', width: 300, height: 200, format: 'jpeg' },
  { name: '512x512 jpeg', width: 512, height: 512, format: 'jpeg' },
  { name: '300x200 webp', width: 300, height: 200, format: 'webp' },
  { name: '512x512 webp', width: 512, height: 512, format: 'webp' },
]

/** A path nobody asked for before: max_age changes the key of the result, not the work. */
export function missPath({ width, height, format }, unique, source = SOURCE) {
  return `${width}x${height}/filters:format(${format}):max_age(${100_000 + unique})/${source}`
}
