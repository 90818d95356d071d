import { Agent } from 'node:http'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { NextRequest } from './load.ts'
import { type Expected, fetchWhole } from './request.ts'

/** One kind of request: how often, and what for. */
interface Kind {
  /** Requests in a thousand. */
  readonly share: number
  readonly path: string
  readonly filters: readonly string[]
  readonly source: string
  /** A result that was made before is read (some 2 ms); every other request is rendered. */
  readonly isHit: boolean
}

const hit = (share: number, path: string, source: string, filters: readonly string[] = []): Kind => ({
  share,
  path,
  filters,
  source,
  isHit: true,
})
const miss = (share: number, path: string, source: string, filters: readonly string[]): Kind => ({
  ...hit(share, path, source, filters),
  isHit: false,
})

// At 200 requests a second the renders take some 0.5 s of CPU time a second, and a request moves 150 kB on average.
const KINDS: readonly Kind[] = [
  hit(500, '300x200', 'flower.jpg'), // 18 kB
  hit(200, '800x600', 'hubble_deep_field.jpg'), // 130 kB
  hit(180, '', 'chelsea.png'), // 330 kB
  hit(58, '', 'astronaut.png'), // 640 kB
  hit(35, '720x540', 'coffee.png'), // 1 MB
  miss(25, '300x200', 'flower.jpg', []), // some 40 ms
  miss(2, '800x600', 'flower.jpg', ['blur(20)', 'sharpen(2,1,true)']), // some 400 ms
]

/** The mix of requests of every row. Keys are signed, answers known. */
export interface Mix {
  readonly next: NextRequest
  /** One request of 400 ms of work. */
  readonly heavy: NextRequest
}

export interface MixOptions {
  readonly base: string
  sign(path: string): string
}

const FIRST_TIMEOUT_MS = 30_000

/**
 * Asks for every kind of picture twice, before anything is broken: both answers must agree, and all later ones with
 * them. Throws INTERNAL when the instance does not answer well.
 */
export async function prepareMix({ base, sign }: MixOptions): Promise<Mix> {
  const agent = new Agent({ keepAlive: true })
  let unique = 0
  const pathOf = (kind: Kind) => {
    // max_age changes the key of the result, not the work and not the bytes.
    const filters = kind.isHit ? kind.filters : [...kind.filters, `max_age(${100_000 + unique++})`]
    return sign(
      [kind.path, filters.length > 0 && `filters:${filters.join(':')}`, kind.source].filter(Boolean).join('/'),
    )
  }
  const fetchKind = async (kind: Kind): Promise<Expected> => {
    const url = `${base}${pathOf(kind)}`
    const answer = await fetchWhole({ agent, url, userAgent: 'imgsvc-chaos/reference', timeoutMs: FIRST_TIMEOUT_MS })
    if (answer.status !== 200) throw new ImgsvcError('INTERNAL', `the reference of ${url} has status ${answer.status}`)
    return answer
  }
  try {
    const known: { readonly kind: Kind; readonly expected: Expected }[] = []
    for (const kind of KINDS) {
      const [one, two] = [await fetchKind(kind), await fetchKind(kind)]
      if (one.sha1 !== two.sha1) throw new ImgsvcError('INTERNAL', `two answers for ${pathOf(kind)} differ`)
      known.push({ kind, expected: one })
    }
    const byShare = known.flatMap((one) => Array.from({ length: one.kind.share }, () => one))
    const heaviest = known.at(-1) as (typeof known)[number]
    const dice = createDice()
    const request = ({ kind, expected }: (typeof known)[number]) => ({ path: pathOf(kind), expected })
    return {
      next: () => request(byShare[Math.floor(dice() * byShare.length)] as (typeof known)[number]),
      heavy: () => request(heaviest),
    }
  } finally {
    agent.destroy()
  }
}

/** The same numbers from 0 to 1 in every run (a linear congruential generator, Numerical Recipes). */
function createDice(): () => number {
  let state = 20_240_229
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
