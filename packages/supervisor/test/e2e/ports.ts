import { createServer } from 'node:net'

/** Takes a port of 127.0.0.1 until `release`; port 0 takes any. */
export function holdPort(port: number): Promise<{ readonly port: number; release(): Promise<void> }> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      resolve({ port: address.port, release: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

export interface InstancePorts {
  readonly public: number
  readonly admin: number
  /** The first of `WORKER_PORTS` ports in a row. */
  readonly workers: number
}

const WORKER_PORTS = 5

/** Free ports for one instance, below the range the system hands out to clients. */
export async function freePorts(): Promise<InstancePorts> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const held = await Promise.allSettled(Array.from({ length: WORKER_PORTS + 2 }, (_, i) => holdPort(first + i)))
    await Promise.all(held.map((port) => (port.status === 'fulfilled' ? port.value.release() : undefined)))
    if (held.every(({ status }) => status === 'fulfilled')) {
      return { public: first, admin: first + 1, workers: first + 2 }
    }
  }
  throw new Error('no seven free ports in a row after 50 attempts')
}
