import { createRequire } from 'node:module'

/** Memory of OpenCV's own: `delete()` frees it, no garbage collector does. */
interface Owned {
  delete(): void
}

export interface Mat extends Owned {
  readonly rows: number
  readonly data: Uint8Array
  readonly data32F: Float32Array
  roi(box: Rect): Mat
}

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface RectVector extends Owned {
  size(): number
  get(index: number): Rect
}

export interface CascadeClassifier extends Owned {
  load(name: string): boolean
  empty(): boolean
  detectMultiScale(
    image: Mat,
    found: RectVector,
    scaleFactor: number,
    minNeighbors: number,
    flags: number,
    minSize: object,
    maxSize: object,
  ): void
}

/** The little of OpenCV's JavaScript build that is in use (docs.opencv.org/4.12.0). */
export interface OpenCv {
  readonly CV_8UC1: number
  readonly Mat: new (rows?: number, columns?: number, type?: number) => Mat
  readonly RectVector: new () => RectVector
  readonly CascadeClassifier: new () => CascadeClassifier
  readonly Size: new (width: number, height: number) => object
  readonly Rect: new (x: number, y: number, width: number, height: number) => Rect
  flip(from: Mat, to: Mat, code: number): void
  goodFeaturesToTrack(
    image: Mat,
    corners: Mat,
    maxCorners: number,
    qualityLevel: number,
    minDistance: number,
    mask: Mat,
    blockSize: number,
    useHarrisDetector: boolean,
    k: number,
  ): void
  FS_createDataFile(folder: string, name: string, bytes: Uint8Array, read: boolean, write: boolean, own: boolean): void
  FS_unlink(path: string): void
  /** What was thrown: C++ exceptions arrive as numbers. */
  exceptionFromPtr(pointer: number): { readonly msg: string }
}

/** What the package exports: not ready at first, and with a `then` of its own, so it must not be awaited. */
interface Starting extends OpenCv {
  onRuntimeInitialized?: () => void
}

/**
 * Starts OpenCV (some 0.3 s and 100 MB, for the thread that calls it). In a box, because a promise that resolved with
 * the module itself would call its `then` for ever.
 */
export async function loadOpenCv(): Promise<{ readonly cv: OpenCv }> {
  const cv: Starting = createRequire(import.meta.url)('@techstark/opencv-js')
  await new Promise<void>((resolve) => {
    // The constructors are there once the runtime is.
    if (cv.Mat) resolve()
    else cv.onRuntimeInitialized = resolve
  })
  return { cv }
}
