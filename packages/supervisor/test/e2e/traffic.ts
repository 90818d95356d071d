import { setTimeout as pause } from 'node:timers/promises'
import type { Instance } from './instance.ts'

export interface Traffic {
  /** Answers so far. */
  answered(): number
  /** Ends the traffic; what was not answered 200, with its reason. */
  stop(): Promise<readonly string[]>
}

/** Asks for pictures, `clients` at a time, until it is stopped (at most a minute). */
export function startTraffic(instance: Instance, clients = 4): Traffic {
  const failures: string[] = []
  const deadline = performance.now() + 60_000
  let isOver = false
  let requests = 0
  const first = 50 + Math.floor(Math.random() * 1000)
  let answered = 0
  const client = async () => {
    while (!isOver && performance.now() < deadline) {
      try {
        // Every other request is for a size of its own, so that there is rendering to interrupt.
        requests += 1
        const width = requests % 2 === 0 ? first : first + requests
        const response = await instance.get(`${width}x80/chelsea.png`)
        const bytes = await response.arrayBuffer()
        if (response.status !== 200 || bytes.byteLength === 0) failures.push(`status ${response.status}`)
        answered += 1
      } catch (error) {
        failures.push(String((error as Error).cause ?? error))
      }
      await pause(5)
    }
  }
  const running = Array.from({ length: clients }, client)
  return {
    answered: () => answered,
    async stop() {
      isOver = true
      await Promise.all(running)
      return failures
    },
  }
}
