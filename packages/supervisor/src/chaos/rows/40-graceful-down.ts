import { Agent } from 'node:http'
import { nothingLost } from '../bars.ts'
import type { Shot } from '../load.ts'
import { processesOf } from '../proc.ts'
import { fetchWhole, lossBehind, lossOf } from '../request.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const HEAVY = 4
/** `workers.stopTimeout` by default, and the way there. */
const DOWN_MS = 11_000

/** Row 40: an orderly end under load. */
export const gracefulDown: Row = {
  number: 40,
  title: '`imgsvc down` under load, with long requests in hand',
  bar: 'what is in hand finishes, new requests are refused, get 503, or are reset in the kernel’s queue when the port closes, exit within the stop time-out, nothing left behind',
  others: {
    supervisord: 'drops what is in hand',
    pm2: 'cuts at 1.6 s',
    nginx: 'finishes what is in hand (QUIT)',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    stage.expectDeaths()
    const inHand = Array.from({ length: HEAVY }, () => heavy(stage))
    // Long enough to reach a worker, far too short to be finished.
    const from = performance.now()
    await stage.until(() => performance.now() - from > 100, 1000)
    stage.fault()
    const { code, stderr, ms } = await instance.cli('down')
    const finished = await Promise.all(inHand)
    stage.excuse((shot) => isRefusal(stage, shot))
    await stage.after(ms + 500)
    stage.check('down says that it went well', code === 0, `exit code ${code} ${stderr.trim()}`)
    const cut = finished.filter((loss) => loss !== undefined)
    stage.check('long requests in hand finish', cut.length === 0, cut.join(', '))
    nothingLost(stage)
    stage.within('down', ms, DOWN_MS)
    const left = processesOf(instance.stateDir)
    stage.check('no process is left behind', left.length === 0, left.join())
  },
}

/**
 * New requests after the end has begun: refused, told so, or reset unseen. Connections that wait in the kernel's queue
 * when the last listener closes get a reset; no process ever had them.
 */
function isRefusal(stage: Stage, { loss, dueAt }: Shot): boolean {
  if (loss === undefined || dueAt < stage.faultAt()) return false
  return loss.reason === 'refused' || loss.detail === 'status 503' || loss.isUnanswered === true
}

async function heavy({ instance, mix }: Stage): Promise<string | undefined> {
  const { path, expected } = mix.heavy()
  const agent = new Agent()
  try {
    const options = { agent, url: `${instance.base}${path}`, userAgent: 'imgsvc-chaos/heavy', timeoutMs: 15_000 }
    return lossOf(await fetchWhole(options), expected)?.detail
  } catch (error) {
    return lossBehind(error).detail
  } finally {
    agent.destroy()
  }
}
