// The yardstick: sharp alone, in a process of its own, with the service's settings and parallelism. No HTTP, no
// queue, no storage: the source is already in memory.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SOURCE } from './workloads.mjs'

/** A child that runs `parallel` sharp jobs at once. */
export function startBare({ parallel }) {
  const child = fork(fileURLToPath(import.meta.url), ['child', String(parallel)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(parallel + 2) },
  })
  const died = once(child, 'exit').then(() => {
    throw new Error('the bare loop died')
  })
  // Only a run that waits for an answer cares; stop() ends it on purpose.
  died.catch(() => undefined)
  return {
    async run(job) {
      const answer = once(child, 'message')
      child.send(job)
      const [result] = await Promise.race([answer, died])
      return result
    },
    stop() {
      child.kill()
    },
  }
}

async function runChild(parallel) {
  const { default: sharp } = await import('sharp')
  sharp.cache(false)
  sharp.concurrency(1)
  const source = await readFile(new URL(`../../packages/supervisor/samples/${SOURCE}`, import.meta.url))
  const encode = {
    jpeg: (image) => image.jpeg({ quality: 80, progressive: true }),
    webp: (image) => image.webp({ quality: 80, effort: 2 }),
  }
  process.on('message', async ({ width, height, format, requests }) => {
    let left = requests
    const from = performance.now()
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        while (left-- > 0) {
          await encode[format](
            sharp(source, { failOn: 'none' }).keepIccProfile().resize(width, height, { fit: 'cover' }),
          ).toBuffer()
        }
      }),
    )
    process.send({ perSecond: requests / ((performance.now() - from) / 1000) })
  })
}

if (process.argv[2] === 'child') await runChild(Number(process.argv[3]))
