/** What the signals to a supervisor do. */
export interface SignalActions {
  /** TERM, INT, QUIT: stop gracefully, as supervisord. Called for the first one; those that follow change nothing. */
  stop(signal: NodeJS.Signals): void
  /** HUP: apply the changed configuration. */
  reload(): void
  /** USR2: open the logs again, for those who rotate from outside (supervisord's meaning). */
  reopenLogs(): void
}

/** Takes over the signals of this process; the result gives them back. */
export function handleSignals(actions: SignalActions, target: NodeJS.EventEmitter = process): () => void {
  let stopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return
    stopping = true
    actions.stop(signal)
  }
  const listeners = { SIGTERM: stop, SIGINT: stop, SIGQUIT: stop, SIGHUP: actions.reload, SIGUSR2: actions.reopenLogs }
  for (const [name, listener] of Object.entries(listeners)) target.on(name, listener)
  return () => {
    for (const [name, listener] of Object.entries(listeners)) target.off(name, listener)
  }
}
