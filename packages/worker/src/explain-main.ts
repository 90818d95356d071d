import { text } from 'node:stream/consumers'
import type { ExplainParams } from '@imgsvc/core/child-control'
import { parseResolvedConfig } from '@imgsvc/core/config/resolved'
import { resolveSecrets } from '@imgsvc/core/config/secrets'
import { toImgsvcError } from '@imgsvc/core/errors'
import { createStreamLog } from '@imgsvc/core/stream-log'
import { createApp } from './app.ts'

/*
 * A worker for one question, for `imgsvc explain` while nothing runs:
 *
 *   stdin  { "config": resolved configuration, "params": { "url", "accept" } }
 *   stdout { "explanation": … }  or  { "error": { "code", "detail" } }
 *   stderr warnings, as plain lines
 *
 * It opens no port, touches no run directory and writes into no storage. Nothing else ever writes to its stdout.
 */

interface Question {
  readonly config: unknown
  readonly params: ExplainParams
}

async function answer(question: Question): Promise<object> {
  const config = resolveSecrets(parseResolvedConfig(question.config), { env: process.env })
  const app = await createApp({
    config,
    log: createStreamLog((line) => process.stderr.write(line), 'warn'),
    id: 'explain',
    isReady: () => false,
    isReadOnly: true,
    searchPath: process.env.PATH,
    sample: () => ({ rssBytes: 0, cpuSeconds: 0, loopLagSeconds: 0, logDropped: 0 }),
  })
  try {
    const { url, accept } = question.params
    return { explanation: await app.explain({ rawUrl: url, accept }, new AbortController().signal) }
  } finally {
    await app.close()
  }
}

async function run(): Promise<object> {
  try {
    return await answer(JSON.parse(await text(process.stdin)) as Question)
  } catch (thrown) {
    const { code, detail } = toImgsvcError(thrown)
    return { error: { code, detail } }
  }
}

const reply = JSON.stringify(await run())
process.stdout.write(`${reply}\n`, () => process.exit(0))
