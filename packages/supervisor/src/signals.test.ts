import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { handleSignals } from './signals.ts'

test('TERM, INT and QUIT stop once, HUP reloads, USR2 reopens, and afterwards nothing is left', () => {
  const target = new EventEmitter()
  const seen: string[] = []
  const release = handleSignals(
    {
      stop: (signal) => seen.push(`stop ${signal}`),
      reload: () => seen.push('reload'),
      reopenLogs: () => seen.push('reopen'),
    },
    target,
  )
  target.emit('SIGHUP', 'SIGHUP')
  target.emit('SIGUSR2', 'SIGUSR2')
  target.emit('SIGINT', 'SIGINT')
  target.emit('SIGTERM', 'SIGTERM')
  target.emit('SIGQUIT', 'SIGQUIT')
  target.emit('SIGINT', 'SIGINT')
  expect(seen).toEqual(['reload', 'reopen', 'stop SIGINT'])
  release()
  expect(target.eventNames()).toEqual([])
})
