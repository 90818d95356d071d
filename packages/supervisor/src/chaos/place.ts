import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'

/** Ports of one throw-away instance, in a row: public, admin, workers and spare ones for surge workers. */
export interface PlacePorts {
  readonly public: number
  readonly admin: number
  readonly workers: number
}

const SPARE = 4
const ATTEMPTS = 50

/** A directory with a short name: the paths of Unix sockets are limited to some 100 bytes. */
export function shortDir(): string {
  return mkdtempSync(join(tmpdir(), 'ivc-'))
}

/** Free ports below the range the system hands out to clients. Throws PORT_TAKEN when none are found. */
export async function freePorts(workers: number): Promise<PlacePorts> {
  const count = 2 + workers + SPARE
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    if (await areFree(first, count)) return { public: first, admin: first + 1, workers: first + 2 }
  }
  throw new ImgsvcError('PORT_TAKEN', `no ${count} free ports in a row after ${ATTEMPTS} attempts`)
}

async function areFree(first: number, count: number): Promise<boolean> {
  const held = await Promise.allSettled(Array.from({ length: count }, (_, i) => holdPort(first + i)))
  await Promise.all(held.map((port) => (port.status === 'fulfilled' ? port.value() : undefined)))
  return held.every(({ status }) => status === 'fulfilled')
}

/** Takes a port of 127.0.0.1; resolves to what releases it. Rejects with the system's error. */
export function holdPort(port: number): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      resolve(() => new Promise((done) => server.close(() => done()))),
    )
  })
}
