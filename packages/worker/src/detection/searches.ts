import { readFileSync } from 'node:fs'
import type { Size } from '../engine/geometry/box.ts'
import type { CascadeClassifier, Mat, OpenCv, Rect } from './opencv.ts'
import type { Found, Search, Task } from './task.ts'

// thumbor/detectors/local_detector.py and feature_detector/__init__.py
const SCALE = 1.2
const NEIGHBOURS = 4
const LEAST_SIDE = 20
const LEAST_SHARE = 15
const MAX_CORNERS = 20
const CORNER_QUALITY = 0.04
const CORNER_DISTANCE = 1
// OpenCV's own defaults, which its JavaScript build does not fill in.
const CORNER_BLOCK = 3
const CORNER_K = 0.04
// thumbor/filters/redeye.py
const EYE_NEIGHBOURS = 3

/** Objects in one picture, at most; the largest are kept. Noise can look like thousands. */
const MAX_OBJECTS = 200

/** Carries searches out with one OpenCV; classifiers are kept by their path. Throws an Error that says what is wrong. */
export function createSearches(cv: OpenCv): (task: Task) => readonly Found[] {
  const classifiers = new Map<string, CascadeClassifier>()

  function classifier(path: string): CascadeClassifier {
    const known = classifiers.get(path)
    if (known) return known
    const made = loadCascade(cv, path)
    classifiers.set(path, made)
    return made
  }

  function run(search: Search, image: Mat, { width, height }: Size): readonly Found[] {
    switch (search.kind) {
      case 'objects': {
        const least = Math.max(LEAST_SIDE, Math.floor(Math.min(width, height) / LEAST_SHARE))
        const cascade = classifier(search.cascade)
        const found = objects(cv, cascade, image, NEIGHBOURS, least)
        if (found.length > 0 || !search.bothWays) return found
        return mirrored(cv, image, (other) => objects(cv, cascade, other, NEIGHBOURS, least)).map((box) => ({
          ...box,
          left: width - box.left - box.width,
        }))
      }
      case 'corners':
        return corners(cv, image)
      case 'eyes': {
        const faces = run({ kind: 'objects', cascade: search.faceCascade, bothWays: false }, image, { width, height })
        return faces.flatMap((face) => eyesIn(cv, classifier(search.eyeCascade), image, face))
      }
    }
  }

  return ({ search, image }) => {
    const mat = new cv.Mat(image.height, image.width, cv.CV_8UC1)
    try {
      mat.data.set(image.data)
      return run(search, mat, image)
    } catch (error) {
      throw typeof error === 'number' ? new Error(cv.exceptionFromPtr(error).msg) : error
    } finally {
      mat.delete()
    }
  }
}

/** OpenCV reads files from a file system in its own memory. */
function loadCascade(cv: OpenCv, path: string): CascadeClassifier {
  const name = 'cascade.xml'
  cv.FS_createDataFile('/', name, readFileSync(path), true, false, false)
  const cascade = new cv.CascadeClassifier()
  let isLoaded = false
  try {
    isLoaded = cascade.load(name) && !cascade.empty()
  } catch (error) {
    // A C++ exception: the same as false, with a reason OpenCV words for programmers.
    if (typeof error !== 'number') throw error
  } finally {
    cv.FS_unlink(`/${name}`)
  }
  if (isLoaded) return cascade
  cascade.delete()
  throw new Error(`${path} is not a cascade of OpenCV`)
}

function objects(cv: OpenCv, cascade: CascadeClassifier, image: Mat, neighbours: number, least: number): Found[] {
  const found = new cv.RectVector()
  try {
    cascade.detectMultiScale(image, found, SCALE, neighbours, 0, new cv.Size(least, least), new cv.Size(0, 0))
    const boxes = Array.from({ length: found.size() }, (_, i) => boxOf(found.get(i)))
    if (boxes.length <= MAX_OBJECTS) return boxes
    return boxes.sort((a, b) => b.width * b.height - a.width * a.height).slice(0, MAX_OBJECTS)
  } finally {
    found.delete()
  }
}

function boxOf({ x, y, width, height }: Rect): Found {
  return { left: x, top: y, width, height }
}

function mirrored<T>(cv: OpenCv, image: Mat, search: (other: Mat) => T): T {
  const other = new cv.Mat()
  try {
    cv.flip(image, other, 1)
    return search(other)
  } finally {
    other.delete()
  }
}

function eyesIn(cv: OpenCv, cascade: CascadeClassifier, image: Mat, face: Found): Found[] {
  const part = image.roi(new cv.Rect(face.left, face.top, face.width, face.height))
  try {
    return objects(cv, cascade, part, EYE_NEIGHBOURS, LEAST_SIDE).map((eye) => ({
      ...eye,
      left: face.left + eye.left,
      top: face.top + eye.top,
    }))
  } finally {
    part.delete()
  }
}

/** Shi-Tomasi. */
function corners(cv: OpenCv, image: Mat): Found[] {
  const found = new cv.Mat()
  const everywhere = new cv.Mat()
  try {
    const tuning = [MAX_CORNERS, CORNER_QUALITY, CORNER_DISTANCE, everywhere, CORNER_BLOCK, false, CORNER_K] as const
    cv.goodFeaturesToTrack(image, found, ...tuning)
    const points = found.data32F
    return Array.from({ length: found.rows }, (_, i) => ({
      left: points[2 * i] as number,
      top: points[2 * i + 1] as number,
      width: 1,
      height: 1,
    }))
  } finally {
    found.delete()
    everywhere.delete()
  }
}
