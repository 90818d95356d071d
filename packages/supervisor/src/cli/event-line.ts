import type { ServiceEvent } from '@imgsvc/core/events'
import type { Exit } from '@imgsvc/core/process'

/** `03:04:05.678  worker:2  RUNNING -> STARTING  pid 4312  SIGKILL  was killed by SIGKILL`: an event for people, local time. */
export function eventLine(event: ServiceEvent): string {
  return [timeOf(event.at), ...words(event)].filter((word) => word !== '').join('  ')
}

function words(event: ServiceEvent): readonly string[] {
  switch (event.type) {
    case 'state':
      return [
        event.process,
        `${event.from} -> ${event.to}`,
        event.pid === null ? '' : `pid ${event.pid}`,
        event.exit === null ? '' : exitText(event.exit),
        event.reason ?? '',
      ]
    case 'crash':
      return [
        event.process,
        event.cause === 'crash' ? 'crash' : `crash (${event.cause})`,
        `pid ${event.pid}`,
        exitText(event.exit),
        event.reason,
      ]
    case 'reload':
      return ['reload', event.ok ? `changed: ${event.changed.join(', ') || 'nothing'}` : `failed: ${event.reason}`]
    case 'rotation':
      return ['rotation', event.ok ? event.file : `failed: ${event.file}`]
    case 'supervisor':
      return ['supervisor', event.to, `pid ${event.pid}`]
    case 'dropped':
      return [`${event.count} events were missed: this reader is too slow`]
  }
}

function exitText({ code, signal }: Exit): string {
  return signal ?? (code === null ? 'exit unknown' : `exit code ${code}`)
}

function timeOf(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
