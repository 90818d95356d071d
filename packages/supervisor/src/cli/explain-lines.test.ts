import type { Explanation } from '@imgsvc/core/explanation'
import { expect, test } from 'vitest'
import { explainLines } from './explain-lines.ts'

const NOTHING: Explanation = {
  ...{ url: '/x/a.jpg', accept: null, status: 200, errors: [], request: null, signature: null, filters: [] },
  ...{ cache: null, source: null, geometry: null, steps: null, result: null, format: null, encoder: null },
  headers: null,
}

test('what was not reached has no line', () => {
  expect(explainLines(NOTHING)).toEqual(['url        /x/a.jpg', 'answer     200'])
})

test('every part has its word, and further lines stand below the first', () => {
  const lines = explainLines({
    ...NOTHING,
    accept: 'image/webp',
    signature: { kind: 'unsafe', accepted: true, by: 'security.allowUnsafe', signedPath: 'a.jpg' },
    source: {
      ...{ name: 'a.gif', from: 'storage', loader: null, setting: null, bytes: 99, format: 'gif', width: 4, height: 3 },
      ...{ orientation: 6, hasAlpha: false, frames: 2, truncated: true },
    },
    filters: [
      { text: 'fill(red)', name: 'fill', phase: 'geometry', args: { colour: [1, 2], mode: 'a b' }, ignored: null },
    ],
    geometry: {
      operations: [{ op: 'crop', params: { left: 1 } }],
      focalPoints: [{ x: 1, y: 2, origin: 'alignment' }],
      ...{ width: 3, height: 2 },
    },
    steps: [{ op: 'luma', params: {} }],
    result: { width: 3, height: 2, frames: 2 },
    format: { name: 'webp', contentType: 'image/webp', why: 'so', candidates: ['webp'], ifTransparent: 'png' },
    encoder: { quality: 80, chroma: '4:2:0' },
    headers: { Vary: 'Accept', ETag: '"e"' },
    cache: { key: 'k', stored: true },
    errors: [{ code: 'BUSY', status: 503, message: 'Later', advice: 'wait' }],
  })
  expect(lines.slice(2)).toEqual([
    'answer     200',
    'signature  none, allowed by security.allowUnsafe',
    'source     a.gif: gif 4x3, 2 frames, orientation 6, ends before its picture does, 99 bytes, from storage',
    'filters    fill(red): geometry, colour [1,2], mode "a b"',
    'geometry   crop left 1',
    '           around 1,2 (alignment)',
    '           makes 3x2',
    'steps      luma',
    'result     3x2, 2 frames',
    'format     webp: so',
    '           png instead if a pixel proves to be transparent',
    'encoder    quality 80, chroma 4:2:0',
    'headers    Vary: Accept',
    '           ETag: "e"',
    'cache      a finished picture is stored',
    'errors     BUSY (503): Later',
    '             wait',
  ])
})
