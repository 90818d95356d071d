// Makes docs/images/samples.jpg, the picture of the README: what a running instance answers, side by side.
// By hand, when it should change:  node ops/gen/samples-picture.mjs
import sharp from 'sharp'
import { startInstance } from '../bench/instance.mjs'

const SIDE = 220
const GAP = 8
const TILES = [
  [`${SIDE}x${SIDE}/flower.jpg`, 'cut'],
  [`fit-in/${SIDE}x${SIDE}/filters:fill(blur)/rocket.jpg`, 'fitted, filled with itself'],
  [`${SIDE}x${SIDE}/filters:rotate(90)/chelsea.png`, 'turned'],
  [`${SIDE}x${SIDE}/filters:grayscale()/coffee.png`, 'gray'],
  [`${SIDE}x${SIDE}/filters:blur(6)/flower.jpg`, 'blurred'],
  [`-${SIDE}x${SIDE}/filters:brightness(15):contrast(30)/hubble_deep_field.jpg`, 'mirrored, more contrast'],
  [`${SIDE}x${SIDE}/filters:watermark(flower-small-rgba.png,-6,-6,10,45)/astronaut.png`, 'watermarked'],
  [`${SIDE}x${SIDE}/filters:proportion(0.5):fill(1d4d4f)/rocket.jpg`, 'half the size, on a colour'],
]

const instance = await startInstance({ workers: 2 })
try {
  const columns = TILES.length / 2
  const tiles = await Promise.all(
    TILES.map(async ([path], i) => {
      const answer = await fetch(instance.base + instance.sign(path))
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return {
        input: Buffer.from(await answer.arrayBuffer()),
        left: GAP + (i % columns) * (SIDE + GAP),
        top: GAP + Math.floor(i / columns) * (SIDE + GAP),
      }
    }),
  )
  await sharp({
    create: { width: columns * (SIDE + GAP) + GAP, height: 2 * (SIDE + GAP) + GAP, channels: 3, background: 'white' },
  })
    .composite(tiles)
    .jpeg({ quality: 85 })
    .toFile('docs/images/samples.jpg')
} finally {
  await instance.stop()
}
