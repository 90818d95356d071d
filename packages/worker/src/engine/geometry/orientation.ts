import type { Box, Size } from './box.ts'

/** One of the eight ways a rectangle can lie: mirrored left to right first, then turned clockwise by `degrees`. */
export interface Turn {
  readonly mirror: boolean
  readonly degrees: 0 | 90 | 180 | 270
}

export const UPRIGHT: Turn = { mirror: false, degrees: 0 }
export const MIRROR: Turn = { mirror: true, degrees: 0 }
/** Top to bottom: mirrored, then half a turn. */
export const FLIP: Turn = { mirror: true, degrees: 180 }

/** What turns a stored picture upright, by EXIF orientation 1 to 8 (EXIF 2.32 §4.6.4, tag 0x0112). */
export const EXIF_TURNS: readonly Turn[] = [
  UPRIGHT,
  MIRROR,
  { mirror: false, degrees: 180 },
  FLIP,
  { mirror: true, degrees: 270 },
  { mirror: false, degrees: 90 },
  { mirror: true, degrees: 90 },
  { mirror: false, degrees: 270 },
]

function clockwise(degrees: number): Turn['degrees'] {
  return (((degrees % 360) + 360) % 360) as Turn['degrees']
}

/** `first`, then `second`, as one turn. */
export function compose(first: Turn, second: Turn): Turn {
  // Turning and then mirroring is mirroring and then turning the other way.
  const turned = second.mirror ? -first.degrees : first.degrees
  return { mirror: first.mirror !== second.mirror, degrees: clockwise(turned + second.degrees) }
}

/** The turn that undoes `turn`. */
export function inverse(turn: Turn): Turn {
  return turn.mirror ? turn : { mirror: false, degrees: clockwise(-turn.degrees) }
}

/** Width and height after the turn. */
export function turnSize(turn: Turn, { width, height }: Size): Size {
  return turn.degrees % 180 === 0 ? { width, height } : { width: height, height: width }
}

/** Where a box of a picture of `size` lies once the picture has been turned. */
export function turnBox(turn: Turn, box: Box, { width, height }: Size): Box {
  const left = turn.mirror ? width - box.left - box.width : box.left
  const { top } = box
  switch (turn.degrees) {
    case 0:
      return { left, top, width: box.width, height: box.height }
    case 90:
      return { left: height - top - box.height, top: left, width: box.height, height: box.width }
    case 180:
      return { left: width - left - box.width, top: height - top - box.height, width: box.width, height: box.height }
    case 270:
      return { left: top, top: width - left - box.width, width: box.height, height: box.width }
  }
}
