import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ControlHandlers } from '@imgsvc/core/control'
import type { ServiceEvent } from '@imgsvc/core/events'
import { writeStream } from '@imgsvc/core/write-stream'

/**
 * `GET /v1/events?lines=&follow=&type=`: the control method `events` for those who can only GET. JSON lines, or
 * server-sent events when they are asked for, which follow by nature. Throws CONTROL_PARAMS_INVALID before it answers.
 */
export async function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  events: ControlHandlers['events'],
  closing: AbortSignal,
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '', 'http://imgsvc')
  const asSse = request.headers.accept?.includes('text/event-stream') ?? false
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, closing])
  const stream = await events(paramsOf(searchParams, asSse), signal)
  response.writeHead(200, { 'content-type': asSse ? 'text/event-stream' : 'application/x-ndjson' })
  await writeStream(response, stream, asSse ? sseText : (event) => `${JSON.stringify(event)}\n`, signal)
}

/** As the method's parameters; what is not valid is left to its own check. */
function paramsOf(query: URLSearchParams, asSse: boolean): Parameters<ControlHandlers['events']>[0] {
  const types = query.getAll('type')
  const lines = query.get('lines')
  const follow = query.get('follow')
  return {
    follow: follow === null ? asSse : follow !== 'false' && follow !== '0',
    ...(lines !== null && { lines: lines === '' ? Number.NaN : Number(lines) }),
    ...(types.length > 0 && { types }),
  }
}

function sseText(event: ServiceEvent): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
