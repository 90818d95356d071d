import { parentPort } from 'node:worker_threads'
import { loadOpenCv } from './opencv.ts'
import { createSearches } from './searches.ts'
import type { Reply, Task } from './task.ts'

/*
 * The detector thread: `detector-thread.ts` starts it for the first picture, gives it one task at a time, and ends it
 * when it is idle or too slow. What it throws while it starts ends it; a failed task is an answer.
 */

if (!parentPort) throw new Error('this is the program of a worker thread')
const port = parentPort
const { cv } = await loadOpenCv()
const search = createSearches(cv)

function answer(task: Task): Reply {
  try {
    return { ok: true, found: search(task) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (task: Task) => port.postMessage(answer(task)))
