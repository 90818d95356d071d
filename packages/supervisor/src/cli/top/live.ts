import { toImgsvcError } from '@imgsvc/core/errors'
import type { Terminal } from '../terminal.ts'
import { frame } from './frame.ts'
import type { Sample } from './sample.ts'
import { SORTS, type Sort, summarise } from './summary.ts'

export interface LiveOptions {
  readonly terminal: Terminal
  /** Throws when imgsvc does not answer. */
  sample(): Promise<Sample>
  /** Time between two samples, ms. */
  readonly everyMs: number
  /** Samples that rates are made of. */
  readonly window: number
  readonly first: Sample
}

const CTRL_C = '\u0003'

/** Shows the processes until `q`, Ctrl-C or a signal; the terminal is then as it was. */
export async function showLive({ terminal, sample, everyMs, window, first }: LiveOptions): Promise<void> {
  let samples: [...Sample[], Sample] = [first]
  let sort: Sort = 'id'
  let trouble: string | undefined
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const draw = () => {
    const { colours } = terminal
    screen.draw(frame(summarise(samples, Date.now()), { ...terminal.size(), sort, colours, trouble }))
  }

  function key(typed: string): void {
    for (const one of typed) {
      if (one === 'q' || one === CTRL_C) finish()
      else if (one === 's') sort = SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? 'id'
      else sort = SORTS[Number(one) - 1] ?? sort
    }
    draw()
  }

  async function look(): Promise<void> {
    try {
      const next = await sample()
      // Another supervisor counts anew.
      samples = next.info.pid === samples[0].info.pid ? [...samples.slice(1 - window), next] : [next]
      trouble = undefined
    } catch (error) {
      trouble = `${toImgsvcError(error).message}; trying again`
    }
  }

  const screen = terminal.fullScreen({ key, resized: () => draw(), end: () => finish() })
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const tick = () => {
    void look().then(() => {
      if (isOver) return
      draw()
      timer = setTimeout(tick, everyMs)
    })
  }
  try {
    draw()
    timer = setTimeout(tick, everyMs)
    await finished
  } finally {
    isOver = true
    clearTimeout(timer)
    screen.close()
  }
}
