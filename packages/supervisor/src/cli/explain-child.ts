import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ExplainParams } from '@imgsvc/core/child-control'
import type { Config } from '@imgsvc/core/config/schema'
import { ERRORS, type ErrorCode, ImgsvcError } from '@imgsvc/core/errors'
import type { Explanation } from '@imgsvc/core/explanation'

export interface ExplainChildOptions {
  /** Secrets unresolved: the child looks them up in `env`. */
  readonly config: Config
  readonly params: ExplainParams
  readonly env: Readonly<Record<string, string | undefined>>
  /** The program; the built one unless told otherwise. */
  readonly entry?: string
}

// Beyond the deadline of a request: Node, sharp and the settings have to be loaded first.
const START_MS = 20_000

/**
 * Asks a worker-side program that lives for this one question; nothing has to run for it. The lines it warns with come
 * too. Throws CONFIG_INVALID and what the program throws, PROCESS_FAILED when it dies, DEADLINE when it hangs.
 */
export async function explainInChild({
  config,
  params,
  env,
  entry = fileURLToPath(import.meta.resolve('@imgsvc/worker/explain-main')),
}: ExplainChildOptions): Promise<{ readonly explanation: Explanation; readonly warnings: readonly string[] }> {
  const timeout = config.workers.deadline + START_MS
  const child = spawn(process.execPath, [entry], { env, stdio: 'pipe', timeout, killSignal: 'SIGKILL' })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (cause) => reject(new ImgsvcError('PROCESS_FAILED', cause.message, { cause })))
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  // One that died before it read everything says so by its end.
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify({ config, params }))
  const [answer, complaints, end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  const warnings = complaints.split('\n').filter((line) => line !== '')
  if (end === 'SIGKILL') throw new ImgsvcError('DEADLINE', `there was no plan within ${timeout} ms`)
  if (end !== 'code 0') throw new ImgsvcError('PROCESS_FAILED', [`${entry} ended with ${end}`, ...warnings].join('\n'))
  return { explanation: readAnswer(answer), warnings }
}

type Answer =
  | { readonly explanation: Explanation; readonly error?: undefined }
  | { readonly error: { readonly code: ErrorCode; readonly detail?: string } }

function readAnswer(answer: string): Explanation {
  const parsed = JSON.parse(answer) as Answer
  if (!parsed.error) return parsed.explanation
  const { code, detail } = parsed.error
  throw new ImgsvcError(Object.hasOwn(ERRORS, code) ? code : 'INTERNAL', detail)
}
