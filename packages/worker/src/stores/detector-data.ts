import type { IoOptions } from './store.ts'

/** One detected point as thumbor stores it: px in the picture the detector saw, the box it stands for and who found it. */
export interface DetectedPoint {
  readonly x: number
  readonly y: number
  /** Weight. */
  readonly z: number
  readonly width: number
  readonly height: number
  readonly origin: string
}

/** Where detected points are kept beside an original, so that a source pays for detection once. */
export interface DetectorData {
  /**
   * Undefined when there is none, none that can be read, or none as young as `notBefore` (epoch ms): points of a picture
   * that was replaced since. Throws only the signal's reason.
   */
  get(
    source: string,
    io: IoOptions & { readonly notBefore?: number | undefined },
  ): Promise<readonly DetectedPoint[] | undefined>
  /** Resolves when kept or given up. */
  put(source: string, points: readonly DetectedPoint[]): Promise<void>
}
