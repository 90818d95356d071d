import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import type { Box } from '../src/engine/geometry/box.ts'
import { sample } from './images/pictures.ts'

export interface Face {
  readonly file: string
  /** Brows to chin, temple to temple, px: as a person sees it, not as a detector does. */
  readonly face: Box
  /** Shapes that are just large enough for the face. */
  readonly tall: string
  readonly wide: string
}

/** Photographs with one face each. */
export const FACES: readonly Face[] = [
  {
    file: 'astronaut.png',
    face: { left: 181, top: 84, width: 90, height: 94 },
    tall: '100x400',
    wide: '400x128',
  },
  { file: 'hopper.jpg', face: { left: 165, top: 145, width: 195, height: 170 }, tall: '96x240', wide: '183x107' },
  { file: 'giunchedi.jpg', face: { left: 318, top: 120, width: 165, height: 178 }, tall: '150x400', wide: '276x100' },
  { file: 'paumier.jpg', face: { left: 290, top: 140, width: 135, height: 165 }, tall: '137x400', wide: '200x100' },
  { file: 'mona-lisa.jpg', face: { left: 165, top: 145, width: 130, height: 135 }, tall: '100x400', wide: '200x100' },
]

export function photo(file: string): Buffer {
  return file === 'astronaut.png' ? sample(file) : readFileSync(new URL(`images/${file}`, import.meta.url))
}

/** How a portrait lies in a larger photograph. */
export interface Scene {
  readonly bytes: Buffer
  readonly face: Box
}

const SCENE = { width: 1000, height: 872 }

/** A portrait, as high as `height`, in a corner of a photograph of the night sky. */
export async function scene({ file, face }: Face, height: number, corner: 'northwest' | 'southeast'): Promise<Scene> {
  const { data, info } = await sharp(photo(file)).resize(null, height).png().toBuffer({ resolveWithObject: true })
  const { height: whole = height } = await sharp(photo(file)).metadata()
  const scale = height / whole
  const [left, top] = corner === 'northwest' ? [0, 0] : [SCENE.width - info.width, SCENE.height - info.height]
  const bytes = await sharp(sample('hubble_deep_field.jpg'))
    .composite([{ input: data, left, top }])
    .jpeg({ quality: 90 })
    .toBuffer()
  const scaled = (px: number) => Math.round(px * scale)
  return {
    bytes,
    face: {
      left: left + scaled(face.left),
      top: top + scaled(face.top),
      width: scaled(face.width),
      height: scaled(face.height),
    },
  }
}
