import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Box } from '../src/engine/geometry/box.ts'
import type { RunningApp } from './app-fixture.ts'

/** Other tests want the processors as well; how long a search takes is not what is tested. */
export const patient = { timeout: 120_000 } as const

export interface Folder {
  readonly root: string
  /** `sources` of a configuration. */
  readonly sources: [{ type: 'file'; root: string }]
  put(name: string, bytes: Buffer): void
  remove(): void
}

/** A directory of its own as source. */
export function createFolder(): Folder {
  const root = mkdtempSync(join(tmpdir(), 'imgsvc-det-'))
  return {
    root,
    sources: [{ type: 'file', root }],
    put: (name, bytes) => writeFileSync(join(root, name), bytes),
    remove: () => rmSync(root, { recursive: true }),
  }
}

interface Meta {
  readonly operations: readonly { readonly type: string; readonly [edge: string]: number | string }[]
  readonly focal_points: readonly Point[]
}

export interface Point {
  readonly x: number
  readonly y: number
  readonly z: number
  readonly origin: string
}

/** What `/meta/` tells of a path. */
export async function meta(app: RunningApp, path: string): Promise<Meta> {
  const { status, body } = await app.signed(`meta/${path}`)
  expect(status).toBe(200)
  return JSON.parse(body.toString('utf8')).thumbor
}

/** The points a picture is cut around. */
export async function points(app: RunningApp, path: string): Promise<readonly Point[]> {
  return (await meta(app, path)).focal_points
}

export const origins = (found: readonly Point[]): string[] => found.map(({ origin }) => origin)

/** The part of the source that is left. */
export async function cropOf(app: RunningApp, path: string): Promise<Box> {
  const crop = (await meta(app, path)).operations.find(({ type }) => type === 'crop') as unknown as Record<
    string,
    number
  >
  const { left = 0, top = 0, right = 0, bottom = 0 } = crop
  return { left, top, width: right - left, height: bottom - top }
}

export function holds(outer: Box, inner: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.left + inner.width <= outer.left + outer.width &&
    inner.top + inner.height <= outer.top + outer.height
  )
}

/** How often each detector was asked, by `<detector> <outcome>`. */
export async function searches(app: RunningApp): Promise<Record<string, number>> {
  const rows = (await app.metrics()).matchAll(/^imgsvc_detections_total\{detector="(\w+)",outcome="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...rows].map(([, detector, outcome, count]) => [`${detector} ${outcome}`, Number(count)]))
}

/** `1` while OpenCV is in memory. */
export async function threads(app: RunningApp): Promise<string | undefined> {
  return /^imgsvc_detector_threads (\d)$/m.exec(await app.metrics())?.[1]
}
